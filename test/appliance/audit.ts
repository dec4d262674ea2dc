/**
 * What a power cut left on the flash, looked at before the box is switched on again: on a copy, with the file system's
 * journal played back as the kernel will do it, and the store opened as the daemon will open it.
 */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openDatabase } from '../../storage/sql/database.ts';

const run = promisify(execFile);

/** `ok`, or what SQLite finds wrong. @param folder For the copy. */
export async function integrity(flash: string, folder: string): Promise<string> {
  const copy = join(folder, 'cut');
  await rm(copy, { recursive: true, force: true });
  await mkdir(copy);
  const image = join(copy, 'flash.img');
  await copyFile(flash, image);
  // Ends with 1 when it had something to put right, and a journal to play back is that.
  await run('e2fsck', ['-p', image]).catch((error: { code?: number }) => {
    if (error.code !== 1) throw error;
  });
  for (const name of ['cdrd.db', 'cdrd.db-wal'])
    await run('debugfs', ['-R', `dump /state/${name} ${join(copy, name)}`, image]);
  const database = openDatabase(join(copy, 'cdrd.db'));
  try {
    return database
      .all('PRAGMA integrity_check')
      .map((row) => Object.values(row).join(' '))
      .join('; ');
  } finally {
    database.close();
    await rm(copy, { recursive: true, force: true });
  }
}
