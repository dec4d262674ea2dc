/** The file held still: copied while writing goes on, it is the store of that moment; what takes too long ends by itself. */
import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { openStoreHere } from '../../storage/here.ts';
import { createCheckpoints } from '../../storage/sql/checkpoints.ts';
import { type Database, openDatabase } from '../../storage/sql/database.ts';
import { createStill } from '../../storage/sql/still.ts';
import { emptyStore } from '../support/empty-store.ts';
import { temporaryFolder } from '../support/folder.ts';
import { leg, storeOptions } from '../support/legs.ts';
import { put, shut, sqlOn } from './helper.ts';

const NOON = 1_619_082_110;
const walOf = (file: string) => statSync(`${file}-wal`).size;

function opened(): { database: Database; file: string; fill(rows: number): void } {
  const file = `${temporaryFolder()}/t.db`;
  const database = openDatabase(file);
  onTestFinished(() => database.close());
  database.run('CREATE TABLE t (n INTEGER PRIMARY KEY, content TEXT) STRICT');
  const fill = (rows: number) =>
    database.transaction(() =>
      database.run(
        `WITH RECURSIVE row (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM row WHERE n < ?)
         INSERT INTO t (content) SELECT hex(zeroblob(2000)) FROM row`,
        [rows],
      ),
    );
  return { database, file, fill };
}

test('stays byte for byte what it was while thousands of pages are written, and is checkpointed again afterwards', () => {
  const { database, file, fill } = opened();
  const still = createStill({ database, checkpoints: createCheckpoints(database), file, reserve: 0 });
  fill(100);
  expect(still.begin()).toEqual({ holder: 1, file, bytes: statSync(file).size, schema: 0 });
  expect(walOf(file)).toBe(0);
  const before = readFileSync(file);
  for (let n = 0; n < 6; n++) {
    fill(250);
    still.committed();
  }
  expect(readFileSync(file).equals(before)).toBe(true);
  expect(walOf(file)).toBeGreaterThan(6_000_000);
  copyFileSync(file, `${file}.copy`);
  expect(still.end(1)).toBe('');
  fill(1);
  expect(statSync(file).size).toBeGreaterThan(before.length);
  expect(sqlOn(`${file}.copy`, 'SELECT count(*) AS n FROM t')).toEqual([{ n: 100 }]);
});

const PLENTY = 100_000_000;
test.each([
  ['a WAL that has grown too long', 0, { logMax: 100_000, heldMs: 60_000 }, 'too much was written'],
  ['one that would take of the reserve', Number.MAX_SAFE_INTEGER, { logMax: PLENTY, heldMs: 60_000 }, 'too much was'],
  ['too long a time', 0, { logMax: PLENTY, heldMs: -1 }, 'it took too long'],
])('%s ends it, and the copy is void', (_, reserve, limits, why) => {
  const { database, file, fill } = opened();
  const still = createStill({ database, checkpoints: createCheckpoints(database), file, reserve, limits });
  still.begin();
  for (let n = 0; n < 6; n++) {
    fill(250);
    still.committed();
  }
  expect(walOf(file)).toBeLessThan(5_000_000); // checkpointed on the way
  expect(still.end(1)).toContain(why);
});

test('who begins anew has the file as it is then; the copy before is void', () => {
  const { database, file, fill } = opened();
  const still = createStill({ database, checkpoints: createCheckpoints(database), file, reserve: 0 });
  expect(still.end(0)).not.toBe('');
  const first = still.begin();
  fill(1);
  const second = still.begin();
  expect(second.bytes).toBe(statSync(file).size);
  expect(still.end(first.holder)).toContain('another');
  expect(still.end(second.holder)).toBe('');
});

test('a copy made while calls come in holds every one that was there when it began', async () => {
  const folder = temporaryFolder();
  const options = emptyStore(storeOptions(folder));
  const store = openStoreHere(options);
  const call = async (n: number) => {
    const one = leg(NOON + n * 10);
    await put(store, one);
    await shut(store, one);
  };
  for (let n = 0; n < 20; n++) await call(n);
  const { holder, file, bytes, schema } = await store.work('copyBegin');
  const half = Math.floor(bytes / 2);
  const content = readFileSync(file).subarray(0, half);
  for (let n = 20; n < 40; n++) await call(n);
  const rest = readFileSync(file).subarray(half);
  expect(await store.work('copyEnd', holder)).toBe('');
  await store.close();
  const copy = `${folder}/copy.db`;
  writeFileSync(copy, Buffer.concat([content, rest]));
  expect(sqlOn(copy, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  expect(sqlOn(copy, 'PRAGMA user_version')).toEqual([{ user_version: schema }]);
  expect(sqlOn(copy, 'SELECT count(*) AS n FROM call')).toEqual([{ n: 20 }]);
});

test('is held on a full disk too: what only looks whether there is room again leaves it alone', async () => {
  const options = { ...emptyStore(storeOptions(temporaryFolder())), reserve: Number.MAX_SAFE_INTEGER };
  const store = openStoreHere(options);
  onTestFinished(() => store.close());
  const { holder } = await store.work('copyBegin');
  expect(await store.work('probeDisk')).toMatchObject({ state: 'full' });
  expect(await store.work('copyEnd', holder)).toBe('');
});

test('lets go where a disk that has refused is asked by a write and its checkpoint, and says so', async () => {
  const options = emptyStore(storeOptions(temporaryFolder()));
  sqlOn(options.file, "CREATE TRIGGER refuse BEFORE INSERT ON leg BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END");
  const store = openStoreHere(options);
  onTestFinished(() => store.close());
  const { holder } = await store.work('copyBegin');
  await expect(put(store, leg(NOON))).rejects.toMatchObject({ code: 'io' });
  expect(await store.work('probeDisk')).toMatchObject({ state: 'ok' });
  expect(await store.work('copyEnd', holder)).toContain('refused');
});
