/**
 * What a folder takes on its disk, as `du` counts it: blocks of all that lies in it, a file with several names once, links
 * not followed. What is mounted in it is left out: a share that doesn't answer would be one to hang on. Looked at entry by entry, each look on its way to the disk while others have the loop, and given up where
 * there is too much: a folder of millions of files must not keep the flash of a small box busy.
 */
import type { BigIntStats } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FolderSize } from '../../cgi/dialect/machine-port.ts';

export interface WalkLimits {
  /** Entries that are looked at. */
  readonly entries: number;
  /** Milliseconds that it may take. */
  readonly ms: number;
}

/** `st_blocks` counts these, whatever the file system's own are. */
const BLOCK = 512n;

/** @param mounts Mount points, see {@link mountPoints}. @param mono Monotonic milliseconds. */
export async function folderSize(
  path: string,
  { entries, ms }: WalkLimits,
  mounts: ReadonlySet<string>,
  mono = () => performance.now(),
): Promise<FolderSize> {
  const until = mono() + ms;
  const top = await lstat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => error);
  if (top instanceof Error) return { bytes: null, unread: 1, isCut: false, why: whyOf(top) };
  /** Device and number of files with several names. */
  const counted = new Set<string>();
  const folders = top.isDirectory() ? [path] : [];
  let blocks = top.blocks;
  let unread = 0;
  let seen = 0;

  const count = (stats: BigIntStats) => {
    if (stats.nlink > 1n && !stats.isDirectory()) {
      const file = `${stats.dev}.${stats.ino}`;
      if (counted.has(file)) return;
      counted.add(file);
    }
    blocks += stats.blocks;
  };

  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const directory = await opendir(folder).catch(() => null);
    if (!directory) {
      if (folder === path) return { bytes: null, unread: 1, isCut: false, why: 'cdrd may not read it' };
      unread++;
      continue;
    }
    try {
      // Leaving the loop closes the folder.
      for await (const { name } of directory) {
        if (++seen > entries || mono() > until) return { bytes: Number(blocks * BLOCK), unread, isCut: true, why: '' };
        const entry = join(folder, name);
        const stats = mounts.has(entry) ? null : await lstat(entry, { bigint: true }).catch(() => null);
        if (!stats) unread++;
        else {
          count(stats);
          if (stats.isDirectory()) folders.push(entry);
        }
      }
    } catch {
      unread++; // the rest of a folder that its disk doesn't give
    }
  }
  return { bytes: Number(blocks * BLOCK), unread, isCut: false, why: '' };
}

/** Where something is mounted, of `/proc/self/mountinfo` (proc(5)), in which blanks and the like are octal. Pure. */
export function mountPoints(text: string): ReadonlySet<string> {
  const octal = (_: string, digits: string) => String.fromCharCode(Number.parseInt(digits, 8));
  const points = text.split('\n').map((line) => line.split(' ')[4] ?? '');
  return new Set(points.map((point) => point.replace(/\\([0-7]{3})/g, octal)));
}

function whyOf({ code }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'there is no such folder';
  return code === 'EACCES' ? 'cdrd may not read it' : 'its disk does not give it';
}
