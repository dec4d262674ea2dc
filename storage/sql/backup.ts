/**
 * A copy of the store beside it, taken before each migration. The process holds the only connection, so after a
 * checkpoint the file itself is the whole store and may simply be copied.
 */
import { copyFileSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { StoreError } from '../errors.ts';
import { syncPath } from '../sync-path.ts';
import type { Database } from './database.ts';

/** Copies kept: the last two suffice to go back over one failed update, and flash is small. */
const BACKUPS_KEPT = 2;

/** Copies `file` to `backup/NAME-schemaN-YYYYMMDDTHHMMSS.db` in the same folder, durably. */
export function backupBefore(database: Database, file: string, schema: number): string {
  const checkpoint = database.first('PRAGMA wal_checkpoint(TRUNCATE)');
  if (checkpoint?.['busy'] !== 0) throw new StoreError('io', 'the store could not be checkpointed before its backup');
  const folder = join(dirname(file), 'backup');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stamp = new Date().toISOString().replaceAll(/[-:]|\.\d+Z$/g, '');
  const prefix = `${basename(file, '.db')}-schema`;
  const target = join(folder, `${prefix}${schema}-${stamp}.db`);
  copyFileSync(file, `${target}.part`);
  syncPath(`${target}.part`);
  renameSync(`${target}.part`, target);
  syncPath(folder);
  for (const old of oldest(folder, prefix)) rmSync(join(folder, old));
  return target;
}

function oldest(folder: string, prefix: string): string[] {
  const copies = readdirSync(folder).filter((name) => name.startsWith(prefix) && name.endsWith('.db'));
  const when = (name: string) => name.slice(name.lastIndexOf('-') + 1);
  return copies.sort((a, b) => when(a).localeCompare(when(b))).slice(0, -BACKUPS_KEPT);
}
