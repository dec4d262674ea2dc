/**
 * A copy of the store beside it, taken before its schema is changed. The process holds the only connection, so after a
 * checkpoint the file itself is the whole store and may simply be copied.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { stampOf } from '../model/backup-name.ts';
import { syncPath } from '../sync-path.ts';
import type { Database } from './database.ts';
import { checkpoint } from './still.ts';

/** Copies kept, one of each update: the last two suffice to go back over one that failed, and flash is small. */
const BACKUPS_KEPT = 2;

/** Copies `file` to `backup/NAME-schemaN-YYYYMMDDTHHMMSS.db` in the same folder, durably. */
export function backupBefore(database: Database, file: string, schema: number): string {
  checkpoint(database);
  const folder = join(dirname(file), 'backup');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  syncPath(dirname(folder)); // the migration must not survive a power cut that the copy doesn't
  const stamp = stampOf(Math.floor(Date.now() / 1000));
  const prefix = prefixOf(file);
  const target = join(folder, `${prefix}${schema}-${stamp}.db`);
  // Half a copy that a kill left would lie on the flash for ever: the next one has another name.
  for (const name of readdirSync(folder)) if (name.endsWith('.part')) rmSync(join(folder, name));
  copyFileSync(file, `${target}.part`);
  syncPath(`${target}.part`);
  renameSync(`${target}.part`, target);
  syncPath(folder);
  // A clock that is not set yet stamps it with 1970: it is the newest all the same.
  for (const old of oldest(folder, prefix, basename(target))) rmSync(join(folder, old));
  return target;
}

/** Whether a copy of the store is there from when it had this schema. */
export function hasBackup(file: string, schema: number): boolean {
  const folder = join(dirname(file), 'backup');
  return existsSync(folder) && copiesIn(folder, prefixOf(file)).some((copy) => copy.schema === schema);
}

function prefixOf(file: string): string {
  return `${basename(file, '.db')}-schema`;
}

function copiesIn(folder: string, prefix: string) {
  return readdirSync(folder).flatMap((name) => {
    const [, schema, when] =
      /^(\d+)-(\d{8}T\d{6})\.db$/.exec(name.startsWith(prefix) ? name.slice(prefix.length) : '') ?? [];
    return schema && when ? [{ name, schema: Number(schema), when }] : [];
  });
}

/** @param made The one just made. */
function oldest(folder: string, prefix: string, made: string): string[] {
  const copies = copiesIn(folder, prefix).filter(({ name }) => name !== made);
  // Two updates may fall into one second: then by schema.
  copies.sort((a, b) => Number(a.when > b.when) - Number(a.when < b.when) || a.schema - b.schema);
  return copies.slice(0, 1 - BACKUPS_KEPT).map(({ name }) => name);
}
