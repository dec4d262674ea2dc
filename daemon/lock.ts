/**
 * One daemon a state folder. The lock is an abstract unix socket: the kernel gives it to one process only and frees it
 * the moment that process dies, however it dies, so nothing stale is ever left. Whoever holds it may clear away what a
 * killed predecessor left behind.
 *
 * Abstract sockets belong to a network namespace, not to the disk: two containers (or units with PrivateNetwork=) that
 * share one state folder do NOT see each other's lock and would ruin the database. A state folder belongs to one
 * namespace. They carry no permissions either: another local user could take the name first and keep the daemon from
 * starting, but could not harm its data.
 */
import { readFile, rmdir, stat, unlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';

/** Waiting connections that the kernel may queue on the lock's socket: nobody has business there, each is closed at once. */
const BACKLOG = 1;

export interface Lock {
  /** Gives the folder up; calling it again does nothing. */
  release(): Promise<void>;
}

/** Another process holds the folder; main prints the message and exits 75 (EX_TEMPFAIL). */
export class LockedError extends Error {
  /** Its process number as far as the `pid` file tells, else null. */
  readonly pid: number | null;
  constructor(stateDir: string, pid: number | null) {
    super(`another cdrd ${pid === null ? '' : `(pid ${pid}) `}is using ${stateDir}`);
    this.name = 'LockedError';
    this.pid = pid;
  }
}

/**
 * Takes the folder for this process until {@link Lock.release} or death. The folder must exist (ENOENT otherwise); the
 * name comes from its device and inode, so two paths to one folder are one lock. Throws {@link LockedError} when it is taken.
 */
export async function acquireLock(stateDir: string): Promise<Lock> {
  const { dev, ino } = await stat(stateDir, { bigint: true });
  const pidFile = join(stateDir, 'pid');
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    socket.on('error', () => {});
    socket.destroy();
  });
  try {
    await listen(server, `\0cdrd-${dev}-${ino}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new LockedError(stateDir, await livingPid(pidFile));
  }
  // A failed accept (too many open files) does not touch the lock, and must not take the daemon down.
  server.on('error', () => {});
  server.unref();
  // The pid serves the other's message only: a full disk must not keep the daemon from starting, nor leave an empty file.
  await writeFile(pidFile, `${process.pid}\n`, { mode: 0o644 }).catch(() => unlink(pidFile).catch(() => {}));
  let released: Promise<void> | undefined;
  return {
    release: () => {
      released ??= (async () => {
        // While the lock is still held, so that a successor's file is never the one removed.
        await unlink(pidFile).catch(() => {});
        await new Promise<void>((resolve) => server.close(() => resolve()));
      })();
      return released;
    },
  };
}

/**
 * Who holds the folder at this moment, without taking it for longer than a look; null: nobody does, or there is no such
 * folder.
 */
export async function lockHolder(stateDir: string): Promise<LockedError | null> {
  const found = await stat(stateDir, { bigint: true }).catch(() => null);
  if (!found) return null;
  const server = createServer();
  try {
    await listen(server, `\0cdrd-${found.dev}-${found.ino}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    return new LockedError(stateDir, await livingPid(join(stateDir, 'pid')));
  }
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return null;
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path, backlog: BACKLOG, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** The process in the `pid` file if it lives: the holder may not have written its own yet. */
async function livingPid(pidFile: string): Promise<number | null> {
  const text = await readFile(pidFile, 'utf8').catch(() => '');
  const pid = Number(/^[1-9]\d{0,9}(?=\n?$)/.exec(text)?.[0] ?? 0);
  if (pid === 0) return null;
  try {
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    // EPERM: alive, but another user's.
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? pid : null;
  }
}

/**
 * Removes the lock folder `DB.lock` that a killed process left: node-sqlite3-wasm makes it at open and without this every
 * later open fails with "database is locked". Only the holder of the {@link Lock} may call it, before opening. Returns
 * whether there was one. Removes an empty folder and nothing else: anything else in that place throws (ENOTDIR, ENOTEMPTY).
 * A disk that takes no writes keeps it: there the database is read without (storage/sql/reading-place.ts).
 */
export async function removeStaleDatabaseLock(dbPath: string): Promise<boolean> {
  try {
    await rmdir(`${dbPath}.lock`);
    return true;
  } catch (error) {
    if (!['ENOENT', ...REFUSALS].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return false;
  }
}

/** What a disk says that takes no writes. */
const REFUSALS = ['EROFS', 'EIO', 'ENOSPC', 'EDQUOT'];
