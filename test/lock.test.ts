/** The single-instance lock against the real kernel: two takers in one process, a child process, and a child that is killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { acquireLock, type Lock, LockedError, removeStaleDatabaseLock } from '../daemon/lock.ts';

let folder: string;
const held: Lock[] = [];
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cdrd-lock-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }
  for (const lock of held.splice(0)) await lock.release();
  rmSync(folder, { recursive: true, force: true });
});

async function acquire(path: string): Promise<Lock> {
  const lock = await acquireLock(path);
  held.push(lock);
  return lock;
}

/** A process that tries the lock, prints `held` or the complaint, and holds it until killed if `stay`. */
async function child(path: string, stay: boolean): Promise<{ process: ChildProcess; said: string }> {
  const script = `
    const { acquireLock } = await import(process.env.LOCK_MODULE);
    try { await acquireLock(process.env.LOCK_FOLDER); console.log('held'); }
    catch (error) { console.log(error.name + ': ' + error.message); }
    ${stay ? 'setTimeout(() => {}, 15_000);' : ''}`;
  const started = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    cwd: new URL('..', import.meta.url).pathname,
    env: {
      ...process.env,
      LOCK_MODULE: new URL('../daemon/lock.ts', import.meta.url).href,
      LOCK_FOLDER: path,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(started);
  const [chunk] = (await once(started.stdout, 'data', { signal: AbortSignal.timeout(15_000) })) as [Buffer];
  return { process: started, said: chunk.toString().trim() };
}

describe('acquireLock', () => {
  test('a second taker is refused and told who holds the folder', async () => {
    await acquire(folder);
    expect(readFileSync(join(folder, 'pid'), 'utf8')).toBe(`${process.pid}\n`);
    const refusal = await acquireLock(folder).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(LockedError);
    expect(refusal).toMatchObject({
      pid: process.pid,
      message: `another cdrd (pid ${process.pid}) is using ${folder}`,
    });
  });

  test('two paths to one folder are one lock, two folders are two', async () => {
    mkdirSync(join(folder, 'a'));
    mkdirSync(join(folder, 'b'));
    symlinkSync(join(folder, 'a'), join(folder, 'link'));
    await acquire(join(folder, 'a'));
    await expect(acquireLock(join(folder, 'link'))).rejects.toBeInstanceOf(LockedError);
    await expect(acquireLock(join(folder, 'b', '..', 'a'))).rejects.toBeInstanceOf(LockedError);
    await acquire(join(folder, 'b'));
  });

  test('of many at once exactly one wins', async () => {
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => acquire(folder)));
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
  });

  test('released, it can be taken again; releasing twice harms nobody', async () => {
    const first = await acquire(folder);
    await Promise.all([first.release(), first.release()]);
    expect(existsSync(join(folder, 'pid'))).toBe(false);
    await acquire(folder);
    await first.release();
    expect(existsSync(join(folder, 'pid'))).toBe(true);
    await expect(acquireLock(folder)).rejects.toBeInstanceOf(LockedError);
  });

  test.each(['', 'nonsense', '0', '-1', '4194999\n'])('a pid file of %j is not believed', async (text) => {
    await acquire(folder);
    writeFileSync(join(folder, 'pid'), text);
    await expect(acquireLock(folder)).rejects.toMatchObject({
      pid: null,
      message: `another cdrd is using ${folder}`,
    });
  });

  test('a pid file that cannot be written does not stop the daemon', async () => {
    mkdirSync(join(folder, 'pid'));
    await acquire(folder);
    await expect(acquireLock(folder)).rejects.toMatchObject({ pid: null });
  });

  test('a folder that is not there is an error of its own', async () => {
    await expect(acquireLock(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('who connects to the lock is hung up on', async () => {
    await acquire(folder);
    const { dev, ino } = statSync(folder, { bigint: true });
    const socket = connect(`\0cdrd-${dev}-${ino}`);
    socket.on('error', () => {});
    socket.resume();
    await once(socket, 'close', { signal: AbortSignal.timeout(5_000) });
    await expect(acquireLock(folder)).rejects.toBeInstanceOf(LockedError);
  });

  test('another process is refused', async () => {
    await acquire(folder);
    const { said } = await child(folder, false);
    expect(said).toBe(`LockedError: another cdrd (pid ${process.pid}) is using ${folder}`);
  });

  test('a killed holder leaves the lock free at once', async () => {
    const { process: holder, said } = await child(folder, true);
    expect(said).toBe('held');
    await expect(acquireLock(folder)).rejects.toMatchObject({ pid: holder.pid });
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    expect(readFileSync(join(folder, 'pid'), 'utf8')).toBe(`${holder.pid}\n`);
    await acquire(folder);
    expect(readFileSync(join(folder, 'pid'), 'utf8')).toBe(`${process.pid}\n`);
  });

  test('holding it keeps no process alive', async () => {
    const { process: holder, said } = await child(folder, false);
    expect(said).toBe('held');
    if (holder.exitCode === null) await once(holder, 'exit', { signal: AbortSignal.timeout(10_000) });
    expect(holder.exitCode).toBe(0);
  });
});

describe('removeStaleDatabaseLock', () => {
  test('removes the folder once and says so', async () => {
    const db = join(folder, 'cdrd.db');
    mkdirSync(`${db}.lock`);
    expect(await removeStaleDatabaseLock(db)).toBe(true);
    expect(existsSync(`${db}.lock`)).toBe(false);
    expect(await removeStaleDatabaseLock(db)).toBe(false);
  });

  test('removes nothing but an empty folder', async () => {
    const db = join(folder, 'cdrd.db');
    mkdirSync(`${db}.lock`);
    writeFileSync(join(`${db}.lock`, 'kept'), '');
    await expect(removeStaleDatabaseLock(db)).rejects.toMatchObject({ code: 'ENOTEMPTY' });
    writeFileSync(join(folder, 'other.lock'), '');
    await expect(removeStaleDatabaseLock(join(folder, 'other'))).rejects.toMatchObject({ code: 'ENOTDIR' });
    expect(existsSync(join(folder, 'other.lock'))).toBe(true);
  });
});
