/**
 * A disk that refuses: full, failing or read-only. Each is entered, lived in and left by one store, and at the end nothing
 * that was acknowledged is missing, nothing that was refused is there, and the file is sound.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import type { DiskStatus } from '../../storage/disk.ts';
import { openStoreHere } from '../../storage/here.ts';
import { sqlOn } from '../storage/helper.ts';
import { atFileEnd, temporaryFolder } from '../support/folder.ts';
import { storeOptions } from '../support/legs.ts';
import { NODE_FLAGS } from '../support/production.ts';
import { type Disk, slowDisk } from './disk.ts';

const CHILD = fileURLToPath(new URL('store.child.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MB = 1_000_000;
const RESERVE = 16 * MB;

const root = temporaryFolder(atFileEnd());
const file = `${root}/state/cdrd.db`;
let disk: Disk;
let store: Awaited<ReturnType<typeof openChild>>;
/** Records and accounts that were acknowledged. */
const acknowledged = { records: 0, users: 0 };

interface Told {
  readonly answer: unknown;
  readonly disk: DiskStatus;
}

/** Starts store.child.ts on the disk. @returns what asks it. */
async function openChild(env: Readonly<Record<string, string>>) {
  const options = { ...storeOptions(`${root}/state`), reserve: RESERVE };
  const child: ChildProcess = spawn(
    process.execPath,
    [...NODE_FLAGS, '--import', 'tsx', CHILD, JSON.stringify(options)],
    {
      cwd: ROOT,
      env: { PATH: process.env['PATH'] ?? '', ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
      timeout: 180_000, // of all the file's tests
    },
  );
  if (!child.stdout || !child.stdin) throw new Error('a child without pipes');
  const { stdin } = child;
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(command: string): Promise<Told> {
      stdin.write(`${command}\n`);
      const line = await lines.next();
      if (line.done) throw new Error(`the store ended at: ${command}`);
      return JSON.parse(line.value) as Told;
    },
    async end(): Promise<number | null> {
      stdin.write('end\n');
      return new Promise((resolve) => child.once('close', (code) => resolve(code)));
    },
  };
}

beforeAll(async () => {
  mkdirSync(`${root}/state`);
  disk = slowDisk(`${root}/state`, root);
  disk.plan('');
  await openStoreHere(storeOptions(`${root}/state`)).close(); // so that the child's first commit is none of a migration
  store = await openChild(disk.env);
}, 30_000);

/** So many records at once. @returns how each ended, once. */
async function put(count: number, verb = 'put'): Promise<{ ended: string[]; state: string }> {
  const { answer, disk } = await store.ask(`${verb} ${count}`);
  const ended = answer as string[];
  acknowledged.records += ended.filter((each) => each === 'done').length;
  return { ended: [...new Set(ended)], state: disk.state };
}

let users = 0;
async function user(): Promise<{ ended: string[]; state: string }> {
  const { answer, disk } = await store.ask(`user u${users++}`);
  const ended = answer as string[];
  if (ended[0] === 'done') acknowledged.users += 1;
  return { ended, state: disk.state };
}

async function probe(): Promise<DiskStatus> {
  return (await store.ask('probe')).disk;
}

async function agrees(): Promise<void> {
  const { answer } = await store.ask('look');
  expect(answer).toEqual({ open: acknowledged.records, users: acknowledged.users });
}

const OK = { ended: ['done'], state: 'ok' };

test('the fsync of the folder, before the first commit: nothing is written, and what is told is true', async () => {
  disk.plan('fail fsync /state EIO 1\n');
  expect(await put(1)).toEqual({ ended: ['io'], state: 'failing' });
  await agrees();
  expect((await probe()).state).toBe('failing');
  disk.plan('');
  expect((await probe()).state).toBe('ok');
  expect(await put(1)).toEqual(OK);
});

describe('a disk that refuses a write', () => {
  /** What goes wrong, in the words of slow-disk.c; how it is told, and as what state. */
  const REFUSALS: readonly (readonly [what: string, plan: string, code: string, state: string])[] = [
    ['the first page of a commit', 'fail write -wal EIO 1\nfail create probe EIO 1', 'io', 'failing'],
    ['the middle of a commit', 'fail write -wal EIO 5', 'io', 'failing'],
    ['half of a page', 'fail write -wal SHORT 3', 'io', 'failing'],
    ['the fsync of a commit', 'fail fsync -wal EIO 1', 'io', 'failing'],
    ['everything, by EIO', 'fail any any EIO 1', 'io', 'failing'],
    ['everything, as a full disk', 'fail any any ENOSPC 1', 'disk_full', 'full'],
    ['everything from the middle of a commit on, as a full disk', 'fail any any ENOSPC 4', 'disk_full', 'full'],
    ['everything, as a read-only one', 'fail any any EROFS 1', 'read_only', 'read_only'],
  ];

  for (const [what, plan, code, state] of REFUSALS)
    test(`${what}: growth waits, the rest is tried, reading goes on; then all goes on`, async () => {
      expect(await put(3)).toEqual(OK);
      const before = (await store.ask('look')).disk.refused;
      disk.plan(`${plan}\n`);
      expect(await put(20)).toEqual({ ended: [code], state });
      await agrees();
      // Not tried any more: of these the disk hears nothing.
      const { length } = disk.read().operations;
      expect(await put(300)).toEqual({ ended: [code], state });
      expect(disk.read().operations.length).toBe(length);
      expect(await user()).toEqual({ ended: [code], state });
      expect(await probe()).toMatchObject({ state, refused: before + 321 });
      await agrees();

      disk.plan('');
      expect(await put(1)).toEqual({ ended: [code], state }); // the probe ends it, and nothing else
      expect(await probe()).toMatchObject({ state: 'ok', why: '' });
      expect(await put(20)).toEqual(OK);
      expect(await user()).toEqual(OK);
      await agrees();
    });

  test('the state says what SQLite said', async () => {
    disk.plan('fail fsync -wal EIO 1\n');
    await put(1);
    const { why } = await probe();
    expect(why).toContain('disk I/O error');
    disk.plan('');
    expect((await probe()).state).toBe('ok');
  });
});

describe('a checkpoint', () => {
  const log = () => statSync(`${file}-wal`).size;

  for (const [what, plan] of [
    ['writes', 'fail write cdrd.db EIO 1'],
    ['fsync', 'fail fsync cdrd.db EIO 1'],
  ] as const)
    test(`whose ${what} fail tells nobody; the overlong log does, and is brought in when the disk takes it`, async () => {
      disk.plan(`${plan}\n`);
      // SQLite checkpoints at the end of a commit and takes no notice when that fails.
      while (log() < 16 * 1024 * 1024) expect(await put(20, 'large')).toEqual(OK);
      expect(await probe()).toMatchObject({ state: 'failing' });
      expect(await put(1)).toEqual({ ended: ['io'], state: 'failing' });
      await agrees();
      disk.plan('');
      expect((await probe()).state).toBe('ok');
      expect(await put(1)).toEqual(OK);
      expect(log()).toBeLessThan(5 * MB);
      await agrees();
    });
});

describe('a reserve', () => {
  test('is kept: what grows waits while there is still room for the rest, and goes on well above it', async () => {
    disk.plan(`free ${RESERVE + MB}\n`);
    expect(await put(5)).toEqual(OK);
    disk.plan(`free ${RESERVE - MB}\n`);
    expect(await put(5)).toEqual({ ended: ['disk_full'], state: 'full' });
    expect(await user()).toEqual({ ended: ['done'], state: 'full' });
    // The end of a call that is there (of the first record that was taken) adds little, and shows it.
    expect((await store.ask('close 1')).answer).toEqual(['done']);
    acknowledged.records -= 1; // no longer among the open
    expect(await probe()).toMatchObject({
      state: 'full',
      why: 'less than 16 MB are free on the disk',
      reserve: RESERVE,
    });
    await agrees();

    disk.plan(`free ${RESERVE + MB}\n`);
    const { length } = disk.read().operations;
    expect(await probe()).toMatchObject({ state: 'full' });
    expect(disk.read().operations.length).toBe(length); // looked at, and not written to
    disk.plan(`free ${RESERVE * 2}\n`);
    expect(await probe()).toMatchObject({ state: 'ok', why: '' });
    expect(await put(5)).toEqual(OK);
    disk.plan('');
  });

  test('is noticed while nobody writes', async () => {
    disk.plan(`free ${MB}\n`);
    const { length } = disk.read().operations;
    expect(await probe()).toMatchObject({ state: 'full' });
    expect(disk.read().operations.length).toBe(length);
    disk.plan('');
    expect(await probe()).toMatchObject({ state: 'ok' });
  });
});

// Last of all.
test('what was acknowledged is there once, what was refused is not, and the file is sound', async () => {
  await agrees();
  expect(await store.end()).toBe(0);
  expect(sqlOn(file, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  expect(sqlOn(file, 'SELECT count(*) AS n, count(DISTINCT uniqueid) AS different FROM leg')).toEqual([
    { n: acknowledged.records + 1, different: acknowledged.records + 1 },
  ]);
  expect(sqlOn(file, 'SELECT count(*) AS n FROM user')).toEqual([{ n: acknowledged.users }]);
});
