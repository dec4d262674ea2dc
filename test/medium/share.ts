/**
 * A share that hangs when it is told to: a FAT image mounted by fusefat, whose process is stopped (every file call then
 * blocks in the kernel and never returns, as with a server that froze), goes on, or is killed (then calls fail). While it
 * is frozen nobody but the daemon under test may touch it: the test itself would hang.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type AtEnd, temporaryFolder } from '../support/folder.ts';

export interface Share {
  /** Where it is mounted. */
  readonly path: string;
  freeze(): void;
  thaw(): void;
  /** The server dies: what is mounted answers with errors. */
  kill(): Promise<void>;
}

/** Root only. */
export async function mountShare(atEnd: AtEnd): Promise<Share> {
  const base = temporaryFolder(atEnd);
  const [image, path] = [join(base, 'image'), join(base, 'share')];
  mkdirSync(path);
  execFileSync('truncate', ['-s', '32M', image]);
  execFileSync('mkfs.vfat', [image], { stdio: 'pipe' });
  const server = spawn('fusefat', ['-f', '-o', 'rw+', image, path], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => server.once('close', () => resolve()));
  atEnd(async () => {
    server.kill('SIGKILL'); // what hangs in it fails then
    await ended;
    spawnSync('umount', ['-l', path]);
  });
  await mounted(server, path);
  return {
    path,
    freeze: () => void server.kill('SIGSTOP'),
    thaw: () => void server.kill('SIGCONT'),
    async kill() {
      server.kill('SIGKILL');
      await ended;
    },
  };
}

async function mounted(server: ChildProcess, path: string): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    if (readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${path} `)) return;
    if (server.exitCode !== null) break;
    await pause(50);
  }
  throw new Error('fusefat does not mount: is there FUSE, and are we root?');
}
