/** `cdrd doctor --bundle FILE`: the support archive, also of a box whose daemon doesn't run. */
import { writeFile } from 'node:fs/promises';
import type { Config } from '../config.ts';
import { loadConfig } from '../config.ts';
import { askDaemon } from '../control/client.ts';
import type { Finding } from '../doctor/finding.ts';
import { VERSION } from '../version.ts';
import { archiveOf, type DaemonKnows, supportFiles } from './bundle.ts';

/**
 * @param config null: it can't be read, and one of the findings says why.
 * @throws {Error} when the file is there already, or can't be written.
 */
export async function writeBundle(file: string, config: Config | null, findings: readonly Finding[]): Promise<void> {
  const known = config ?? loadConfig(null, {});
  // A daemon that hangs is one more reason to want the rest.
  const told = await askDaemon(known.run.dir, { command: 'support' }).catch(() => null);
  const daemon = told === null ? null : (JSON.parse(told) as DaemonKnows);
  const now = Date.now();
  const files = await supportFiles({ version: VERSION, config: known, findings, daemon, now });
  await writeFile(file, await archiveOf(files, now), { flag: 'wx', mode: 0o600 }).catch(
    (error: NodeJS.ErrnoException) => {
      throw error.code === 'EEXIST' ? new Error(`${file} is there already: name another file`) : error;
    },
  );
}
