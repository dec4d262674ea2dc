/** A small file that is either the old one or the new one, whatever dies in between. */
import { chmod, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writes by temporary file, fsync, rename, fsync of the folder. @param mode Permission bits, kept from the first byte on. */
export async function atomicWrite(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const fresh = `${path}.new`;
  await rm(fresh, { force: true });
  const file = await open(fresh, 'wx', mode);
  try {
    await file.writeFile(content);
    await chmod(fresh, mode); // whatever the umask took away
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(fresh, path);
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
