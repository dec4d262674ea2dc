/** Questions that look at most of all calls go along their ids: they find the same as along the starts. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StoreClient } from '../../storage/client.ts';
import type { CallFilter, Cursor, Sums } from '../../storage/filter.ts';
import { openStoreHere } from '../../storage/here.ts';
import { openDatabase } from '../../storage/sql/database.ts';
import { emptyStore } from '../support/empty-store.ts';
import { temporaryFolder } from '../support/folder.ts';
import { storeOptions } from '../support/legs.ts';
import { countOf } from './helper.ts';
import { manyCalls } from './many-calls.ts';

const FIRST = 1_619_082_110;
const CALLS = 12_000;
const LONG: CallFilter = { start: {}, billsec: { from: 100 } };

let store: StoreClient;

beforeAll(async () => {
  const options = emptyStore(storeOptions(temporaryFolder(afterAll)));
  const database = openDatabase(options.file);
  database.run(manyCalls(CALLS));
  // Some out of order, some not shown, a gap, and lengths that tell them apart.
  database.run('UPDATE call SET billsec = id * 7919 % 1000, start_at = start_at - (id % 50 = 0) * 3000');
  database.run('UPDATE call SET trash = 1 WHERE id % 11 = 0');
  database.run('UPDATE call SET open = 1 WHERE id % 13 = 0');
  database.run('DELETE FROM call WHERE id BETWEEN 4000 AND 4700');
  database.close();
  store = openStoreHere(options);
});
afterAll(() => store.close());

/** Counts in steps of one kind. */
async function counted(filter: CallFilter, byId: boolean, scan: number) {
  let rows = 0;
  let steps = 0;
  let after: Cursor | null = null;
  do {
    const step: Awaited<ReturnType<typeof store.ask<'callCount'>>> = await store.ask('callCount', {
      filter,
      after,
      scan,
      byId,
    });
    rows += step.rows;
    after = step.next;
    steps += 1;
  } while (after);
  return { rows, steps };
}

async function sumsOf(filter: CallFilter, byId: boolean): Promise<Record<string, Sums>> {
  const totals: Record<string, Sums> = {};
  let after: Cursor | null = null;
  do {
    const request = { filter, by: ['hour'] as const, after, scan: 50_000, byId };
    const step: Awaited<ReturnType<typeof store.ask<'callTotals'>>> = await store.ask('callTotals', request);
    for (const [dimension, value, sums] of step.groups) totals[`${dimension} ${value}`] = sums;
    after = step.next;
  } while (after);
  return totals;
}

const FILTERS: readonly CallFilter[] = [
  LONG,
  { start: { from: FIRST + 1_000, to: FIRST + 11_000 }, billsec: { to: 300 } },
  { start: { from: FIRST + 900 }, ivr: '', callTypes: ['Internal', 'Inbound'] },
  { start: { to: FIRST + 9_000 }, duration: { from: 10 } },
];

test.each(FILTERS)('%o', async (filter) => {
  const { rows } = await counted(filter, false, 777);
  expect(rows).toBeGreaterThan(500);
  for (const scan of [1_000, 50_000]) expect((await counted(filter, true, scan)).rows).toBe(rows);
  expect((await counted(filter, true, 1_000)).steps).toBe(12); // of ids, whatever they hold
  expect(await countOf(store, 'call', filter)).toBe(rows);
  const sums = await sumsOf(filter, true);
  expect(sums).toEqual(await sumsOf(filter, false));
  expect(sums['null ']?.count).toBe(rows);
});

test.each<[string, CallFilter, boolean]>([
  ['all calls', LONG, true],
  ['most of them', { ...LONG, start: { from: FIRST + 4_000 } }, true],
  ['few of them', { ...LONG, start: { from: FIRST + 6_000 } }, false],
  ['none of them', { ...LONG, start: { from: FIRST * 2 } }, false],
  ['calls of one number', { ...LONG, src: [{ kind: 'literal', value: '205' }] }, false],
  ['what changed', { ...LONG, since: 0 }, false],
])('%s are asked by id or not', async (_, filter, byId) => {
  expect(await store.ask('isMostCalls', filter)).toBe(byId);
});
