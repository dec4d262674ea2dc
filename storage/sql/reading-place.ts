/**
 * Where a store is read from whose disk takes nothing at all. This build of SQLite makes its lock, a folder, beside the
 * file before it reads, and writes the log's recovery into memory: on a disk that is read-only, or full to the last block,
 * there is no room for the one. A link in another folder has room for it beside itself, and for a copy of the log, without
 * which what was committed last would be missing.
 */
import { copyFileSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

/**
 * Makes the place anew. @param folder Where the link may stand, of this process alone: on another disk if the file's takes
 * nothing. @param withLog Whether what is in the log belongs to what is read.
 * @returns the file to open, for reading only.
 */
export function makeReadingPlace(file: string, folder: string, withLog = true): string {
  leaveReadingPlace(folder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const link = join(folder, basename(file));
  symlinkSync(resolve(file), link);
  if (withLog && existsSync(`${file}-wal`)) copyFileSync(`${file}-wal`, `${link}-wal`);
  return link;
}

export function leaveReadingPlace(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
