/** Another file in the store's place: whatever dies in between, and what those who follow the store are told. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { StoreClient } from '../../storage/client.ts';
import { fileWork } from '../../storage/file-work.ts';
import { openStoreHere } from '../../storage/here.ts';
import { stagedFile } from '../../storage/replaced.ts';
import { asideName, finishReplacing, replaceStore } from '../../storage/sql/replace.ts';
import { emptyStore } from '../support/empty-store.ts';
import { temporaryFolder } from '../support/folder.ts';
import { leg, storeOptions } from '../support/legs.ts';
import { mountDisk, remount, whyNoMounts } from '../support/mount.ts';
import { put, rowsOf, shut, sqlOn } from './helper.ts';

const NOON = 1_619_082_110;
const AT = 1_700_000_000;
const WHY = { from: 'a backup', because: 'a test', who: 'console', at: AT } as const;

/** A store with so many calls; the file of one with the first `copied` of them is staged. */
async function stage(calls: number, copied: number) {
  const folder = temporaryFolder();
  const options = emptyStore(storeOptions(folder));
  const { file } = options;
  const store = openStoreHere(options);
  for (let n = 0; n < calls; n++) {
    if (n === copied) await copy();
    await call(n);
  }
  if (copied === calls) await copy();
  await store.close();
  return { folder, options, file };

  async function copy() {
    const { holder } = await store.work('copyBegin');
    copyFileSync(file, stagedFile(file));
    await store.work('copyEnd', holder);
  }
  async function call(n: number) {
    const one = leg(NOON + n * 10);
    await put(store, one);
    await shut(store, one);
  }
}

const ids = [
  ['id', 'id'],
  ['changed', 'changed'],
] as const;

describe('a backup in the place of the store', () => {
  test('what was there is kept; no number comes twice; what only the other knew is told as gone', async () => {
    const { folder, options, file } = await stage(5, 3);
    const before = sqlOn(file, "SELECT seq FROM sqlite_sequence WHERE name = 'outbox'")[0]?.['seq'] as number;
    const aside = fileWork.replace({ ...WHY, file, why: 'before-restore' });
    expect(aside).toBe('cdrd.db.before-restore-20231114T221320');
    expect(sqlOn(`${folder}/${aside}`, 'SELECT count(*) AS n FROM call')).toEqual([{ n: 5 }]);
    const store = openStoreHere(options);
    expect(await rowsOf(store, 'call', ids)).toHaveLength(3);
    const since = await rowsOf(store, 'call', ids, { since: before });
    expect(since).toMatchObject([
      { id: '4', removed: true },
      { id: '5', removed: true },
    ]);
    const page = await store.ask('outbox', before);
    expect(page).toMatchObject({ events: [], newest: before + 3 });
    const again = leg(NOON + 30);
    const { records } = await put(store, again);
    expect(records[0]).toBe(before + 4);
    await shut(store, again);
    expect((await rowsOf(store, 'call', ids)).map(({ id }) => id)).toEqual(['1', '2', '3', '6']);
    const [line] = (await store.ask('auditEntries', { before: null, limit: 1 })).entries;
    expect(line).toMatchObject({
      who: 'console',
      action: 'store.replaced',
      detail: { from: 'a backup', because: 'a test', aside },
    });
    await store.close();
    expect(readdirSync(folder).sort()).toEqual(['cdrd.db', 'cdrd.db-shm', 'cdrd.db.numbers', aside].sort());
  });

  /** A call comes in. @returns its EventSequence and its id. */
  async function callOn(store: StoreClient, start: number) {
    const one = leg(start);
    const { records } = await put(store, one);
    await shut(store, one);
    return { sequence: Number(records[0]), id: Number((await rowsOf(store, 'call', ids)).at(-1)?.['id']) };
  }

  test('stores that are lost one after the other, none of which tells anything: no number comes twice', async () => {
    const { options, file } = await stage(5, 3);
    let before = { sequence: 0, id: 0 };
    for (const from of ['a backup', '', '']) {
      truncateSync(file, 1_000);
      fileWork.replace({ ...WHY, from, file, why: 'corrupt' });
      const store = openStoreHere(options);
      const first = await callOn(store, NOON + 1_000);
      expect(first.sequence).toBeGreaterThan(before.sequence + 5);
      expect(first.id).toBeGreaterThan(before.id);
      // Passed over are so few that nobody who follows it is far behind.
      expect(first.sequence).toBeLessThan(before.sequence + 50_000);
      before = await callOn(store, NOON + 2_000);
      await store.close();
    }
  });

  test('a damaged one that tells what it had some commits ago is believed no more than the note beside it', async () => {
    const { options, file } = await stage(5, 3);
    copyFileSync(stagedFile(file), file);
    fileWork.replace({ ...WHY, file, why: 'corrupt' });
    const store = openStoreHere(options);
    expect((await callOn(store, NOON + 1_000)).id).toBeGreaterThan(5);
    await store.close();
  });

  test.each([
    ['gone', (note: string) => rmSync(note)],
    ['damaged', (note: string) => truncateSync(note, 5)],
  ])('a note that is %s as well: numbers go on far beyond what can have been given out', async (_, harm) => {
    const { options, file } = await stage(5, 3);
    truncateSync(file, 1_000);
    harm(`${file}.numbers`);
    fileWork.replace({ ...WHY, file, why: 'corrupt' });
    const store = openStoreHere(options);
    expect((await callOn(store, NOON + 1_000)).sequence).toBeGreaterThan(10_000_000);
    await store.close();
  });

  test('nothing staged, nothing to take: a new store, and of no call is said that it has gone', async () => {
    const { folder, options, file } = await stage(3, 3);
    const aside = fileWork.replace({ ...WHY, from: '', file, why: 'corrupt' });
    expect(existsSync(stagedFile(file))).toBe(false);
    const store = openStoreHere(options);
    expect(await rowsOf(store, 'call', ids, { since: 0 })).toEqual([]);
    expect((await callOn(store, NOON)).id).toBeGreaterThan(3);
    expect(await rowsOf(store, 'call', ids)).toHaveLength(1);
    await store.close();
    expect(existsSync(`${folder}/${aside}`)).toBe(true);
  });

  test('two in one second are kept both', async () => {
    const { folder, file } = await stage(1, 1);
    writeFileSync(`${folder}/${asideName(file, 'corrupt', AT)}`, '');
    expect(asideName(file, 'corrupt', AT)).toBe('cdrd.db.corrupt-20231114T221320-2');
  });
});

describe('killed at any point', () => {
  /** The files as they stand after each step of the work, by names. */
  const STEPS: readonly (readonly [at: string, files: Record<string, string>])[] = [
    ['decided', { db: 'old', 'db-wal': 'wal', 'db.staged': 'new', 'db.replacing': 'note' }],
    ['the WAL is moved', { 'aside-wal': 'wal', db: 'old', 'db.staged': 'new', 'db.replacing': 'note' }],
    ['the store is moved', { 'aside-wal': 'wal', aside: 'old', 'db.staged': 'new', 'db.replacing': 'note' }],
    ['the other is in its place', { 'aside-wal': 'wal', aside: 'old', db: 'new', 'db.replacing': 'note' }],
    ['carried out', { 'aside-wal': 'wal', aside: 'old', db: 'new', 'db.replaced': 'note' }],
  ];

  test.each(STEPS)('%s: the next opening goes on from there', (_, files) => {
    const folder = temporaryFolder();
    const note = JSON.stringify({ ...WHY, aside: 'aside', last: null });
    for (const [name, content] of Object.entries(files))
      writeFileSync(`${folder}/${name}`, content === 'note' ? note : content);
    for (let again = 0; again < 2; again++) {
      finishReplacing(`${folder}/db`);
      expect(contents(folder)).toEqual({ 'aside-wal': 'wal', aside: 'old', db: 'new', 'db.replaced': note });
    }
  });

  test('before it was decided: nothing has happened, and nothing of it stays', async () => {
    const { folder, options, file } = await stage(2, 1);
    for (const left of ['-wal', '.lock']) writeFileSync(stagedFile(file) + left, 'half');
    mkdirSync(`${stagedFile(file)}-shm`);
    writeFileSync(`${file}.replacing.part`, '{');
    const store = openStoreHere(options);
    expect(await rowsOf(store, 'call', ids)).toHaveLength(2);
    await store.close();
    expect(readdirSync(folder).sort()).toEqual(['cdrd.db', 'cdrd.db-shm', 'cdrd.db.numbers']);
  });

  test('the WAL of the new store is never taken for that of the old one', () => {
    const folder = temporaryFolder();
    const file = `${folder}/db`;
    writeFileSync(file, 'old');
    writeFileSync(stagedFile(file), 'new');
    replaceStore(file, { ...WHY, aside: 'aside', last: null });
    writeFileSync(`${file}-wal`, 'new wal');
    finishReplacing(file);
    expect(contents(folder)).toMatchObject({ aside: 'old', db: 'new', 'db-wal': 'new wal' });
  });

  test.skipIf(whyNoMounts() !== '')(
    'decided, on a disk that takes nothing now: not read meanwhile as what it no longer is',
    async () => {
      const disk = temporaryFolder();
      mountDisk(disk, 8 * 1024 * 1024, onTestFinished);
      const options = storeOptions(disk);
      await openStoreHere(options).close();
      writeFileSync(`${options.file}.replacing`, JSON.stringify({ ...WHY, from: '', aside: 'aside', last: null }));
      remount(disk, 'ro');
      const open = () => openStoreHere({ ...options, readingFolder: `${temporaryFolder()}/reading` });
      expect(open).toThrow(expect.objectContaining({ code: 'read_only' }));
      remount(disk, 'rw');
      await open().close();
      expect(existsSync(`${disk}/aside`)).toBe(true);
    },
  );

  test('told to the store once, also when it dies before the note is gone', async () => {
    const { folder, options, file } = await stage(2, 1);
    fileWork.replace({ ...WHY, file, why: 'before-restore' });
    const note = readFileSync(`${file}.replaced`);
    await openStoreHere(options).close();
    writeFileSync(`${file}.replaced`, note);
    const store = openStoreHere(options);
    const lines = (await store.ask('auditEntries', { before: null, limit: 10 })).entries;
    expect(lines.filter(({ action }) => action === 'store.replaced')).toHaveLength(1);
    await store.close();
    expect(readdirSync(folder)).not.toContain(`${basename(file)}.replaced`);
  });

  function contents(folder: string): Record<string, string> {
    return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(`${folder}/${name}`, 'utf8')]));
  }
});

describe('examined', () => {
  const damage: readonly (readonly [what: string, act: (staged: string) => void, code: string])[] = [
    ['zero length', (staged) => truncateSync(staged, 0), 'corrupt'],
    ['a truncated one', (staged) => truncateSync(staged, 20_000), 'corrupt'],
    ['a garbage header', (staged) => patch(staged, 0, 100), 'corrupt'],
    ['a ruined page in its middle', (staged) => patch(staged, 8 * 4096, 4096), 'corrupt'],
    ['no store of ours', (staged) => sqlOn(staged, 'DROP TABLE outbox'), 'corrupt'],
    ['one of a newer cdrd', (staged) => sqlOn(staged, 'PRAGMA user_version=999'), 'newer'],
  ];
  test.each(damage)('%s is refused', async (_, act, code) => {
    const { folder, file } = await stage(3, 3);
    act(stagedFile(file));
    expect(() => fileWork.examineStaged(file)).toThrow(expect.objectContaining({ code }));
    expect(readdirSync(folder).filter((name) => name.includes('staged'))).toEqual(['cdrd.db.staged']);
  });

  test('a good one tells its schema and its newest record', async () => {
    const { file } = await stage(3, 3);
    expect(fileWork.examineStaged(file)).toMatchObject({ last: NOON + 20 + 5 });
  });

  function patch(path: string, at: number, length: number): void {
    const content = readFileSync(path);
    content.fill(0xa5, at, at + length);
    writeFileSync(path, content);
  }
});
