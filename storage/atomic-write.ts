/** A small file that is either the old one or the new one, whatever dies in between. */
import { chmod, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from './durable-folder.ts';
import { asDiskFault } from './errors.ts';

/**
 * Writes by temporary file, fsync, rename, fsync of the folder.
 * @param mode Permission bits, kept from the first byte on.
 * @throws {StoreError} `disk_full`, `read_only`, `io`, and what else the system says: nothing half lies beside the old file.
 */
export async function atomicWrite(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const fresh = `${path}.new`;
  try {
    await write(path, fresh, content, mode);
  } catch (error) {
    await rm(fresh, { force: true }).catch(() => {}); // the next try removes it
    throw asDiskFault(error, `writing ${path}`);
  }
}

async function write(path: string, fresh: string, content: string | Uint8Array, mode: number): Promise<void> {
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
  await syncFolder(dirname(path));
}
