/** A folder whose very name survives a power cut. */
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes the folder, and those above it that aren't there, and writes their names down by an fsync of the folder that each
 * lies in. One that was there is written down, too, as far as its disk lets us: whoever made it may have been killed before
 * it came to that.
 * @param mode Permission bits of those that are made.
 */
export async function durableFolder(path: string, mode: number): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode });
  if (first === undefined)
    await syncFolder(dirname(path)).catch(() => {}); // read-only, or not ours to open
  else for (let made = path; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

/** Makes a folder's entries durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
