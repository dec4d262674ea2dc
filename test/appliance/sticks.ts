/** USB sticks: images with a file system and no partitions, as a box formats them. */
import { execFile } from 'node:child_process';
import { truncate, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Stick {
  readonly image: string;
  readonly type: 'vfat' | 'exfat';
}

/** Makes a stick of so many megabytes. */
export async function makeStick(image: string, type: Stick['type'], megabytes: number): Promise<Stick> {
  await writeFile(image, '');
  await truncate(image, megabytes * 1024 * 1024);
  await run(type === 'vfat' ? 'mkfs.vfat' : 'mkfs.exfat', [image]);
  return { image, type };
}
