/** A disk of a test's own: a tmpfs, which root may mount. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, statfsSync, writeFileSync } from 'node:fs';
import type { AtEnd } from './folder.ts';

/** '' = it can be done; else why the tests that need it are skipped. */
export function whyNoMounts(): string {
  if (process.getuid?.() !== 0) return 'only root may mount a disk of its own';
  // In a mount namespace of its own: the try leaves nothing behind.
  const { status } = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']);
  return status === 0 ? '' : 'mounting a tmpfs is not allowed here';
}

/** Mounts an empty one of this size at `folder`. */
export function mountDisk(folder: string, bytes: number, atEnd: AtEnd): void {
  mkdirSync(folder, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder]);
  atEnd(() => void execFileSync('umount', ['-l', folder]));
}

/** Nobody may have a file on it open for writing when it becomes read-only. */
export function remount(folder: string, how: 'ro' | 'rw'): void {
  execFileSync('mount', ['-o', `remount,${how}`, folder]);
}

/** Fills it but for this much. @returns the file whose removal makes room again. */
export function fillDisk(folder: string, leave: number): string {
  const { bavail, bsize } = statfsSync(folder);
  const filler = `${folder}/filler`;
  writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - leave)));
  return filler;
}
