/**
 * The same histories as test/model/history.test.ts, through the real store: whatever the order, repetition, split over the
 * sources and restarts in between, the rows are those of the records told once and in order, and they verify.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { StoreClient } from '../../storage/client.ts';
import { openStoreHere } from '../../storage/here.ts';
import type { Leg, LegSource } from '../../storage/model/leg.ts';
import { KINDS, recordsOf } from '../model/calls/history.ts';
import { emptyStore } from '../support/empty-store.ts';
import { storeOptions } from '../support/legs.ts';
import { textOf } from '../support/page.ts';

type Delivery = { readonly record: Leg; readonly source: LegSource };

const FIELDS = [
  'start',
  'src',
  'dst',
  'srcTrunk',
  'dstTrunk',
  'port',
  'duration',
  'billsec',
  'disposition',
  'callType',
];

/** Tells the store these, opening it anew where asked for. @returns its rows, and what verifying found. */
async function tell(deliveries: readonly Delivery[], restartAt: number) {
  const folder = mkdtempSync(join(tmpdir(), 'cdrd-test-'));
  let store: StoreClient = openStoreHere(emptyStore(storeOptions(folder)));
  try {
    for (const [index, { record, source }] of deliveries.entries()) {
      if (index === restartAt) {
        await store.close();
        store = openStoreHere(storeOptions(folder));
      }
      await store.write({ kind: 'leg', leg: record, source });
    }
    for (const group of await store.ask('openGroups')) await store.write({ kind: 'close', group });
    const rows: string[] = [];
    const fields = FIELDS.map((name) => [name, name] as const);
    for await (const page of store.pages('call', { filter: { start: {} }, fields, order: 'asc' }))
      rows.push(...(JSON.parse(`[${textOf(page)}]`) as object[]).map((row) => JSON.stringify(row)));
    const { wrong } = await store.ask('verifyStep', { at: 0, id: 0 });
    return { rows: rows.sort(), wrong };
  } finally {
    await store.close();
    rmSync(folder, { recursive: true });
  }
}

const CALL = fc.record({
  kind: fc.constantFrom(...Object.keys(KINDS)),
  t: fc.integer({ min: 0, max: 30 }),
  a: fc.integer({ min: 1, max: 9 }),
  b: fc.integer({ min: 1, max: 20 }),
});

test('any order, duplication or split over the sources gives the same calls', async () => {
  const history = fc.record({
    calls: fc.array(CALL, { minLength: 1, maxLength: 4 }),
    order: fc.array(fc.nat(), { minLength: 30, maxLength: 30 }),
    restartAt: fc.nat({ max: 20 }),
  });
  await fc.assert(
    fc.asyncProperty(history, async ({ calls, order, restartAt }) => {
      const counters = { unique: 0, channel: 0, sequence: 0 };
      const records = calls.flatMap((call) => recordsOf(call, counters));
      const once = records.map((record) => ({ record, source: 'ami' as const }));
      // Each by AMI, by the rich CSV or by both, some twice; then shuffled.
      const often = records.flatMap((record, index): Delivery[] => {
        const choice = (order[index % order.length] ?? 0) % 4;
        const [ami, csv] = [
          { record, source: 'ami' as const },
          { record, source: 'csv' as const },
        ];
        return [[ami], [csv], [ami, csv], [csv, ami, ami]][choice] ?? [ami];
      });
      const shuffled = often
        .map((delivery, index) => ({ delivery, key: (order[(index * 7) % order.length] ?? 0) * 31 + index * 17 }))
        .sort((a, b) => (a.key % 101) - (b.key % 101))
        .map(({ delivery }) => delivery);
      const plain = await tell(once, -1);
      const mixed = await tell(shuffled, restartAt);
      expect(mixed.rows).toEqual(plain.rows);
      expect([plain.wrong, mixed.wrong]).toEqual([[], []]);
    }),
    { numRuns: 60 },
  );
}, 60_000);
