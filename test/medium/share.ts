/**
 * A share that hangs when it is told to: a FAT image mounted by fusefat, whose process is stopped (every file call then
 * blocks in the kernel and never returns, as with a server that froze), goes on, or is killed (then calls fail). While it
 * is frozen nobody but the daemon under test may touch it: the test itself would hang.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type AtEnd, temporaryFolder } from '../support/folder.ts';

export interface Share {
  /** Where it is mounted. */
  readonly path: string;
  /**
   * It hangs from now on. Its user is stopped for a moment, in which he is in no call on the share and has no file of it open:
   * whose request the server has taken and does not answer, or who has to close a file there, is kept by the kernel from
   * ending, even by SIGKILL. A server that has gone away takes none.
   * @param user The process that uses it.
   */
  freeze(user: number): Promise<void>;
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
    async freeze(user) {
      await stoppedOutside(user, path);
      server.kill('SIGSTOP');
      await stopped(server.pid as number);
      process.kill(user, 'SIGCONT');
    },
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

/** Stops a process while it has nothing open below this path. */
async function stoppedOutside(pid: number, path: string): Promise<void> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    process.kill(pid, 'SIGSTOP');
    await stopped(pid);
    if (!openFiles(pid).some((file) => file.startsWith(path))) return;
    process.kill(pid, 'SIGCONT');
    await pause(5);
  }
  throw new Error(`${pid} always has something open on ${path}`);
}

/** Until all its threads stand still: one that waits for an answer of the share gets it first. */
async function stopped(pid: number): Promise<void> {
  const states = () =>
    readdirSync(`/proc/${pid}/task`).map((task) => {
      try {
        const stat = readFileSync(`/proc/${pid}/task/${task}/stat`, 'latin1');
        return stat.charAt(stat.lastIndexOf(')') + 2); // behind the name, which may hold anything
      } catch {
        return 'gone'; // and with the next look not listed any more
      }
    });
  for (let tries = 0; tries < 1_000; tries += 1) {
    if (states().every((state) => state === 'T')) return;
    await pause(5);
  }
  throw new Error(`${pid} does not stop: ${states()}`);
}

function openFiles(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).map((fd) => readlinkSync(`${folder}/${fd}`));
}
