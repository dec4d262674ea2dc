/** Which exit code tells of an error: it knows those of all parts, so it is loaded when one has come. */
import { isDiskFault } from '../storage/errors.ts';
import { ConfigError } from './config.ts';
import { EXIT, UsageError } from './exit.ts';
import { LockedError } from './lock.ts';

/** What a start or a command that failed ends with. */
export function exitCodeOf(error: Error): number {
  if (error instanceof ConfigError) return EXIT.config;
  if (error instanceof LockedError) return EXIT.locked;
  if (error instanceof UsageError) return EXIT.usage;
  const { code = '' } = error as NodeJS.ErrnoException;
  if (code === 'corrupt') return EXIT.corrupt;
  if (code === 'newer') return EXIT.config;
  return isDiskFault(error) || DISK_ERRNOS.has(code) ? EXIT.io : EXIT.failed;
}

/** Of what is done in files outside of the store. */
const DISK_ERRNOS: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS']);
