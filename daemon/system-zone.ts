/** The IANA name of the zone that the system runs in. Asking Intl for it would cost 6 MB of memory for good. */
import { readFileSync, realpathSync } from 'node:fs';

export interface ZoneSources {
  readonly tz: string | undefined;
  readonly localtime: string;
  readonly timezone: string;
}

const SOURCES: ZoneSources = { tz: process.env['TZ'], localtime: '/etc/localtime', timezone: '/etc/timezone' };

/** `Europe/Madrid`; `UTC` where the system doesn't say, as C libraries have it. */
export function systemZoneName({ tz, localtime, timezone }: ZoneSources = SOURCES): string {
  return (
    nameIn(tz) ??
    nameIn(quietly(() => realpathSync(localtime))) ??
    nameIn(quietly(() => readFileSync(timezone, 'utf8'))) ??
    'UTC'
  );
}

/** A name alone, or at the end of a path. */
function nameIn(text: string | undefined): string | null {
  const name = text?.trim().replace(/^:?(.*\/zoneinfo\/(posix\/|right\/)?)?/, '') ?? '';
  return /^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+){0,2}$/.test(name) ? name : null;
}

function quietly(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
