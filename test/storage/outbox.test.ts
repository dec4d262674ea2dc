/** The outbox: ids that only rise, however much is trimmed or undone; and what is told of a call that goes. */
import { describe, expect, onTestFinished, test } from 'vitest';
import type { CallRow } from '../../storage/model/call.ts';
import { applyCall, callById } from '../../storage/sql/call.ts';
import { type Database, openDatabase } from '../../storage/sql/database.ts';
import { forgetSome, removalsFrom } from '../../storage/sql/forget.ts';
import { migrate } from '../../storage/sql/migrate.ts';
import { migrations } from '../../storage/sql/migration/migrations.ts';
import { announce, announceMany, outboxPage } from '../../storage/sql/outbox.ts';
import { tellReplacement } from '../../storage/sql/replacement.ts';
import { temporaryFolder } from '../support/folder.ts';

function fresh() {
  const file = `${temporaryFolder()}/cdrd.db`;
  const database = openDatabase(file);
  onTestFinished(() => database.close());
  migrate(database, file, migrations);
  return database;
}

function announceSome(database: Database, count: number): void {
  database.transaction(() => {
    for (let n = 1; n <= count; n++) announce(database, 'cdr', n, 0);
  });
}

test('250,000 rows are kept, trimmed a few at a time, and no id comes twice', () => {
  const database = fresh();
  for (let index = 1; index <= 600; index++) expect(announce(database, 'cdr', index, 0)).toBe(index);
  const oldest = () => database.first('SELECT min(id) AS id FROM outbox')?.['id'];
  expect(oldest()).toBe(1);
  database.run("UPDATE sqlite_sequence SET seq = 250111 WHERE name = 'outbox'");
  expect(announce(database, 'cdr', 1, 0)).toBe(250_112);
  expect(oldest()).toBe(113);
  for (let id = 250_113; id <= 250_367; id++) announce(database, 'cdr', 1, 0);
  expect(oldest()).toBe(113);
  announce(database, 'cdr', 1, 0);
  expect(oldest()).toBe(369);
  database.run('DELETE FROM outbox');
  expect(announce(database, 'cdr', 1, 0)).toBe(250_369);
});

describe('a jump of ten million, as when another store has taken its place', () => {
  /** 250,000 rows, then the jump. @returns what it jumped to. */
  function jumped() {
    const database = fresh();
    database.run(
      `WITH RECURSIVE row (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM row WHERE n < 250000)
       INSERT INTO outbox (kind, ref, at) SELECT 'cdr', n, 0 FROM row`,
    );
    tellReplacement(database, { aside: 'a', from: 'b', because: 'c', who: 'cdrd', at: 1, last: null });
    return { database, newest: () => Number(database.first('SELECT max(id) AS id FROM outbox')?.['id']) };
  }
  const rows = (database: Database) => Number(database.first('SELECT count(*) AS n FROM outbox')?.['n']);

  test('takes nothing of what is kept', () => {
    const { database, newest } = jumped();
    expect(newest()).toBeGreaterThan(10_000_000);
    announceSome(database, 600);
    expect(rows(database)).toBeGreaterThanOrEqual(250_000);
    expect(rows(database)).toBeLessThanOrEqual(250_256);
    announceMany(database, 'call', [1, 2, 3], 0);
    expect(rows(database)).toBeGreaterThanOrEqual(250_000);
    expect(outboxPage(database, 0).oldest).toBeLessThan(700);
  });

  test('ends no one’s following: removed calls are told as far back as before', () => {
    const { database } = jumped();
    expect(removalsFrom(database)).toBeLessThan(0);
    database.run('INSERT INTO call_removed (id, changed) VALUES (1, 1)');
    expect(forgetSome(database, { table: 'call_removed', trash: 0, id: 0 }, 0)).toBe(null);
    expect(database.all('SELECT id FROM call_removed')).toEqual([{ id: 1 }]);
  });
});

test('what has piled up is trimmed by and by: no commit pays for all of it', () => {
  const database = fresh();
  announceSome(database, 2_000);
  database.run("UPDATE sqlite_sequence SET seq = 300000 WHERE name = 'outbox'");
  const left = () => Number(database.first('SELECT count(*) AS n FROM outbox WHERE id <= 2000')?.['n']);
  announceSome(database, 256);
  expect(left()).toBe(2_000 - 512);
  announceMany(database, 'cdr', [1, 2, 3], 0);
  expect(left()).toBe(2_000 - 512 - 6);
});

test('a page tells how far it has looked, over what was erased and what is no event, and what there is at all', () => {
  const database = fresh();
  expect(outboxPage(database, 0)).toEqual({ events: [], last: 0, oldest: null, newest: 0 });
  for (let index = 1; index <= 250; index++) announce(database, index % 2 ? 'call' : 'cdr', index, 0); // of legs that are not there
  expect(outboxPage(database, 0)).toEqual({ events: [], last: 200, oldest: 1, newest: 250 });
  expect(outboxPage(database, 200)).toEqual({ events: [], last: 250, oldest: 1, newest: 250 });
  expect(outboxPage(database, 250)).toMatchObject({ last: 250 });
  expect(outboxPage(database, Number.MAX_SAFE_INTEGER)).toMatchObject({ events: [], oldest: 1, newest: 250 });
  database.run('DELETE FROM outbox WHERE id <= 100');
  expect(outboxPage(database, 0)).toMatchObject({ oldest: 101, last: 250 });
});

test('an announcement that is undone frees its id for the next, which nobody has seen', () => {
  const database = fresh();
  database.transaction(() => {
    announce(database, 'cdr', 1, 0);
    database.attempt(() => {
      announce(database, 'cdr', 2, 0);
      throw new Error('no');
    });
    expect(announce(database, 'cdr', 3, 0)).toBe(2);
  });
  expect(database.all('SELECT id, ref FROM outbox')).toEqual([
    { id: 1, ref: 1 },
    { id: 2, ref: 3 },
  ]);
});

test('a call that goes is announced if it had been shown, and only then', () => {
  const database = fresh();
  const at = { epoch: 1_619_082_110, offset: -28_800 };
  const row: CallRow = {
    start: at,
    answer: null,
    end: at,
    src: '205',
    dst: '204',
    srcTrunk: '',
    dstTrunk: '',
    port: 0,
    duration: 0,
    billsec: 0,
    disposition: 'BUSY',
    callType: 'Internal',
    accountCode: '',
    cidName: '',
    ivr: '',
    uniqueId: '1.1',
    recording: '',
  };
  for (const [id, open, told] of [
    [1, true, []],
    [2, false, [2]],
  ] as const) {
    expect(applyCall(database, null, { group: `g${id}`, anchor: id, open, row }, 0)).toEqual(open ? [] : [1]);
    const stored = callById(database, id);
    expect(stored).toMatchObject({ id, open, row });
    expect(applyCall(database, stored, stored, 0)).toEqual([]); // nothing new is nothing to tell
    expect(applyCall(database, stored, null, 0)).toEqual(told);
    expect(callById(database, id)).toBe(null);
    // Gone for good: what is written to it by those who still hold it makes no new row.
    expect(applyCall(database, null, null, 0)).toEqual([]);
  }
});
