/**
 * Sums by day: whatever is done to calls, they are the sums of the calls that are shown; and what is told by them is what the
 * rows of the listing add up to, for ranges that begin and end anywhere, on clocks that were changed.
 */
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { NO_SUMS } from '../../cgi/cdr/sums.ts';
import { checkSums } from '../../storage/check-sums.ts';
import type { StoreClient } from '../../storage/client.ts';
import type { CallFilter, Cursor, Dimension, Field, Sums, SumsStep } from '../../storage/filter.ts';
import { openStoreHere } from '../../storage/here.ts';
import type { Leg } from '../../storage/model/leg.ts';
import { openDatabase } from '../../storage/sql/database.ts';
import { migrations } from '../../storage/sql/migration/migrations.ts';
import { isHeld, isSummed } from '../../storage/summed.ts';
import { emptyStore } from '../support/empty-store.ts';
import { temporaryFolder } from '../support/folder.ts';
import { leg, storeOptions } from '../support/legs.ts';
import { countOf, put, rowsOf, shut } from './helper.ts';
import { manyCalls } from './many-calls.ts';

/** A midnight at UTC. */
const MIDNIGHT = Date.UTC(2021, 9, 30) / 1000;
const DAY = 86_400;
const OFFSETS = [3_600, 7_200, -28_800];
const DIMENSIONS: readonly Dimension[] = ['day', 'disposition', 'direction', 'trunk', 'port'];
const AUDIT = { who: 'admin', address: '192.0.2.7', action: 'test', detail: {} };

const SHAPES: readonly Partial<Leg>[] = [
  {},
  { channel: 'SIP/96-1', source: '0305551234' },
  { channel: 'SIP/96-1', source: '506', destination: '9506', destinationChannel: 'SIP/42-1' },
  { destination: '9513', destinationChannel: 'SIP/42-1' },
  { channel: 'GSM/3-1', source: '017099' },
  { channel: 'SIP/96-2', source: '506', destination: '9506', destinationChannel: 'SIP/96-3' },
];
const OUTCOMES = ['ANSWERED', 'BUSY', 'NO ANSWER', 'FAILED', 'CONGESTION'] as const;

function fresh() {
  const options = emptyStore(storeOptions(temporaryFolder()));
  const store = openStoreHere(options);
  let closed = false;
  const close = async () => {
    if (!closed) await store.close();
    closed = true;
  };
  onTestFinished(close);
  return { store, options, close };
}

interface Drawn {
  readonly second: number;
  readonly offset: number;
  readonly shape: number;
  readonly outcome: number;
  readonly talk: number;
}

function drawnLeg({ second, offset, shape, outcome, talk }: Drawn, number: number): Leg {
  const start = MIDNIGHT + second;
  const at = (epoch: number) => ({ epoch, offset });
  const disposition = OUTCOMES[outcome] ?? 'ANSWERED';
  const answered = disposition === 'ANSWERED';
  return leg(start, {
    ...SHAPES[shape],
    uniqueId: `${start}.${number}`,
    linkedId: `${start}.${number}`,
    sequence: number,
    start: at(start),
    answer: answered ? at(start + 4) : null,
    end: at(start + 4 + talk),
    duration: 4 + talk,
    billsec: answered ? talk : 0,
    disposition,
  });
}

/** A record of the same call that came late: another was asked, who answered and talked for longer. */
function lateLeg(first: Leg, number: number): Leg {
  const later = ({ epoch, offset }: Leg['end'], seconds: number) => ({ epoch: epoch + seconds, offset });
  return {
    ...first,
    uniqueId: `${first.uniqueId}9`,
    sequence: number,
    destination: '206',
    destinationChannel: 'SIP/206-00000009',
    start: first.end,
    answer: later(first.end, 2),
    end: later(first.end, 92),
    duration: 92,
    billsec: 90,
    disposition: 'ANSWERED',
  };
}

function sqlOn(file: string, sql: string) {
  const database = openDatabase(file);
  try {
    return database.all(sql);
  } finally {
    database.close();
  }
}

/** What is kept, and what the calls are: of the file that no store has open. */
const KEY = 'start_offset, calltype, disposition, src_trunk, dst_trunk, port';
const kept = (file: string) => sqlOn(file, `SELECT * FROM call_sum ORDER BY day, ${KEY}`);
const recomputed = (file: string) =>
  sqlOn(
    file,
    `SELECT CAST(floor((start_at + start_offset) / 86400.0) AS INTEGER) AS day, ${KEY}, count(*) AS calls,
       sum(duration) AS duration, sum(billsec) AS billsec, sum(CAST(ceil(billsec / 60.0) AS INTEGER)) AS minutes
     FROM call WHERE open = 0 AND trash IS NULL GROUP BY day, ${KEY} ORDER BY day, ${KEY}`,
  );

async function wrongSums(store: StoreClient): Promise<string[]> {
  const wrong: string[] = [];
  for await (const day of checkSums(store)) wrong.push(...day.wrong);
  return wrong;
}

const FIELDS: readonly Field[] = [
  'start',
  'disposition',
  'callType',
  'srcTrunk',
  'dstTrunk',
  'port',
  'duration',
  'billsec',
].map((name) => [name, name] as const);

type Totals = Record<string, Sums>;

function addTo(totals: Totals, name: string, sums: Sums): void {
  const known = totals[name] ?? NO_SUMS;
  totals[name] = Object.fromEntries(
    Object.entries(known).map(([figure, value]) => [figure, value + sums[figure as keyof Sums]]),
  ) as unknown as Sums;
}

/** What the rows of the listing add up to. */
async function ofRows(store: StoreClient, filter: CallFilter): Promise<Totals> {
  const totals: Totals = { all: NO_SUMS };
  for (const row of await rowsOf(store, 'call', FIELDS, filter)) {
    const is = (disposition: string) => Number(row['disposition'] === disposition);
    const billsec = Number(row['billsec']);
    const sums: Sums = {
      count: 1,
      answered: is('ANSWERED'),
      noanswer: is('NO ANSWER'),
      busy: is('BUSY'),
      failed: is('FAILED'),
      duration: Number(row['duration']),
      billsec,
      talked: billsec * is('ANSWERED'),
      minutes: Math.ceil(billsec / 60),
    };
    const day = Date.parse(`${String(row['start']).slice(0, 10)}T00:00:00Z`) / (DAY * 1000);
    const trunks = new Set([row['srcTrunk'], row['dstTrunk']].filter((name) => name !== ''));
    addTo(totals, 'all', sums);
    addTo(totals, `day ${day}`, sums);
    addTo(totals, `disposition ${row['disposition']}`, sums);
    addTo(totals, `direction ${row['callType']}`, sums);
    for (const trunk of trunks) addTo(totals, `trunk ${trunk}`, sums);
    if (Number(row['port']) !== 0) addTo(totals, `port ${row['port']}`, sums);
  }
  return totals;
}

async function told(store: StoreClient, filter: CallFilter, by: readonly Dimension[] = DIMENSIONS): Promise<Totals> {
  const totals: Totals = { all: NO_SUMS };
  for await (const { groups } of store.totals(filter, by))
    for (const [dimension, value, sums] of groups)
      addTo(totals, dimension === null ? 'all' : `${dimension} ${value}`, sums);
  return totals;
}

const drawn = fc.record({
  second: fc.integer({ min: 0, max: 4 * DAY }),
  offset: fc.constantFrom(...OFFSETS),
  shape: fc.nat({ max: SHAPES.length - 1 }),
  outcome: fc.nat({ max: OUTCOMES.length - 1 }),
  talk: fc.integer({ min: 0, max: 200 }),
});
const some = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 });
const moment = some(
  fc.oneof(
    fc.integer({ min: -DAY, max: 5 * DAY }),
    // Where a day begins or ends on one of the clocks.
    fc
      .tuple(fc.integer({ min: -1, max: 5 }), fc.constantFrom(...OFFSETS, 0), fc.constantFrom(-1, 0))
      .map(([day, offset, before]) => day * DAY - offset + before),
  ),
);
const filters = fc
  .record({
    from: moment,
    to: moment,
    dispositions: some(fc.subarray([...OUTCOMES], { minLength: 1 })),
    callTypes: some(fc.subarray(['Internal', 'Inbound', 'Outbound'] as const, { minLength: 1 })),
    port: some(fc.constantFrom(0, 3)),
    trunks: some(fc.subarray(['96', '42', 'GSM3'], { minLength: 1 })),
  })
  .map(({ from, to, ...rest }): CallFilter => {
    const start = {
      ...(from !== undefined && { from: MIDNIGHT + from }),
      ...(to !== undefined && { to: MIDNIGHT + to }),
    };
    const asked = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
    return { start, ...asked, billsec: {}, duration: {} };
  });

type Act =
  | { readonly kind: 'call' | 'open'; readonly call: Drawn }
  | { readonly kind: 'close' | 'late'; readonly which: number }
  | { readonly kind: 'delete'; readonly filter: CallFilter }
  | { readonly kind: 'restoring' | 'erasing'; readonly which: number }
  | { readonly kind: 'refold'; readonly trunks: readonly string[] };

const acts = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('call' as const), call: drawn }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('open' as const), call: drawn }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('close' as const, 'late' as const), which: fc.nat() }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), filter: filters }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constantFrom('restoring' as const, 'erasing' as const), which: fc.nat() }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('refold' as const), trunks: fc.subarray(['96', '42', '204']) }),
    },
  ),
  { minLength: 5, maxLength: 30 },
);

/** Does all of them to a store. */
async function enact(store: StoreClient, rules: ReturnType<typeof storeOptions>['rules'], story: readonly Act[]) {
  const legs: Leg[] = [];
  const deletions: number[] = [];
  let number = 0;
  const stepped = async (id: number) => {
    for (;;) {
      const { stepped } = await store.step({ kind: 'deletion', id });
      if (!stepped?.deletion.state.endsWith('ing')) return;
    }
  };
  for (const act of story) {
    if (act.kind === 'call' || act.kind === 'open') {
      const record = drawnLeg(act.call, number++);
      legs.push(record);
      await put(store, record);
      if (act.kind === 'call') await shut(store, record);
    } else if (act.kind === 'close' || act.kind === 'late') {
      const record = legs[act.which % Math.max(1, legs.length)];
      if (!record) continue;
      if (act.kind === 'close') await shut(store, record);
      else await put(store, lateLeg(record, number++));
    } else if (act.kind === 'delete') {
      const content = { filter: act.filter, what: {} };
      const deletion = { kind: 'call' as const, who: 'admin', address: '', expiresAt: 9e9, content };
      const id = (await store.write({ kind: 'deletion', deletion, audit: AUDIT })).deletion?.id ?? 0;
      deletions.push(id);
      await stepped(id);
    } else if (act.kind === 'refold') {
      await store.ask('useRules', { ...rules, trunks: { ...rules.trunks, names: act.trunks } });
      await store.write({ kind: 'refold', after: { at: 0, id: 0 } });
    } else if (act.kind === 'restoring' || act.kind === 'erasing') {
      const id = deletions[act.which % Math.max(1, deletions.length)];
      if (id === undefined) continue;
      await store.write({ kind: 'turnDeletion', id, from: ['deleting', 'deleted'], to: act.kind, audit: AUDIT });
      await stepped(id);
    }
  }
}

test('are those of the calls that are shown, whatever was done to calls', async () => {
  let cells = 0;
  await fc.assert(
    fc.asyncProperty(acts, fc.array(filters, { minLength: 3, maxLength: 3 }), async (story, asked) => {
      const { store, options, close } = fresh();
      await enact(store, options.rules, story);
      expect(await wrongSums(store)).toEqual([]);
      for (const filter of asked) {
        const rows = await ofRows(store, filter);
        expect(await told(store, filter)).toEqual(rows);
        expect(await told(store, filter, [])).toEqual({ all: rows['all'] });
        expect(await countOf(store, 'call', filter)).toBe(rows['all']?.count);
        await expectOfStarts(store, { ...filter, billsec: { from: 60 } });
      }
      await close();
      expect(kept(options.file)).toEqual(recomputed(options.file));
      cells += kept(options.file).length;
    }),
    { numRuns: 12 },
  );
  expect(cells).toBeGreaterThan(20);
}, 60_000);

/** What the sums don't know, and the index of starts does. */
async function expectOfStarts(store: StoreClient, filter: CallFilter): Promise<void> {
  const rows = await ofRows(store, filter);
  expect(await told(store, filter)).toEqual(rows);
  const days = Object.entries(rows).filter(([name]) => name === 'all' || name.startsWith('day '));
  expect(await told(store, filter, ['day'])).toEqual(Object.fromEntries(days));
  expect(await told(store, filter, [])).toEqual({ all: rows['all'] });
  expect(await countOf(store, 'call', filter)).toBe(rows['all']?.count);
}

/** A store with these calls, and those with a given start besides. */
async function filled(calls: readonly Drawn[]) {
  const box = fresh();
  for (const [index, call] of calls.entries()) {
    const record = drawnLeg(call, index);
    await put(box.store, record);
    await shut(box.store, record);
  }
  return box;
}

test('a day so busy that it is looked at in steps is summed up like any other', async () => {
  const options = emptyStore(storeOptions(temporaryFolder()));
  sqlOn(options.file, manyCalls(60_000)); // from nine in the morning on, by the box's clock from one
  sqlOn(
    options.file,
    'UPDATE call SET billsec = id * 7919 % 100, start_at = start_at + iif(id > 25000, 86400, 0), start_offset = iif(id % 9, -28800, 3600)',
  );
  sqlOn(options.file, 'INSERT INTO number SELECT DISTINCT 0, src FROM call');
  const store = openStoreHere(options);
  onTestFinished(() => store.close());
  const filter: CallFilter = { start: {}, billsec: { from: 60 } };
  const days: CallFilter[] = [];
  for (let after: Cursor | null = null; ; ) {
    const step: SumsStep = await store.ask('callDays', { filter, by: ['day'], after, scan: 5_000 });
    days.push(...step.edges);
    after = step.next;
    if (!after) break;
  }
  expect(days.map(({ startOffset }) => startOffset)).toEqual([-28_800, -28_800]); // the other clock's are few
  await expectOfStarts(store, filter);
  // Of numbers that a search finds, too: their calls are looked up in the same index.
  await expectOfStarts(store, { start: { from: 1_619_090_000 }, src: [{ kind: 'wildcard', pattern: '*15*' }] });
}, 60_000);

test('steps of any size make up the whole range', async () => {
  const calls = Array.from({ length: 60 }, (_, index) => ({
    second: index * 5_400,
    offset: OFFSETS[index % 2] ?? 0,
    shape: index % SHAPES.length,
    outcome: index % OUTCOMES.length,
    talk: index * 7,
  }));
  const { store } = await filled(calls);
  const filter: CallFilter = { start: { from: MIDNIGHT + 40_000, to: MIDNIGHT + 3 * DAY + 100 } };
  const whole = await ofRows(store, filter);
  for (const scan of [1, 2, 7, 1_000]) {
    const totals: Totals = { all: NO_SUMS };
    const edges: CallFilter[] = [];
    let steps = 0;
    let after = null;
    do {
      const step: Awaited<ReturnType<typeof store.ask<'callSums'>>> = await store.ask('callSums', {
        filter,
        by: ['day'],
        after,
        scan,
      });
      for (const [dimension, value, sums] of step.groups) addTo(totals, dimension ? `day ${value}` : 'all', sums);
      edges.push(...step.edges);
      after = step.next;
      steps += 1;
    } while (after);
    expect(steps > 1, `${scan}`).toBe(scan < 1_000);
    expect(edges).toHaveLength(4); // a day cut at each end, on each of two clocks
    let parts = totals['all']?.count ?? 0;
    for (const edge of edges) {
      const rows = await ofRows(store, edge);
      parts += rows['all']?.count ?? 0;
      expect(rows['all']?.count).toBeGreaterThan(0);
    }
    expect(parts).toBe(whole['all']?.count);
  }
});

test('a day that is asked for whole has no edges, on its own clock', async () => {
  const { store } = await filled([
    { second: 3_600, offset: 3_600, shape: 0, outcome: 0, talk: 5 },
    { second: DAY + 3_600, offset: 3_600, shape: 0, outcome: 0, talk: 5 },
  ]);
  const day = { from: MIDNIGHT - 3_600, to: MIDNIGHT - 3_600 + DAY - 1 };
  const ask = (start: CallFilter['start']) =>
    store.ask('callSums', { filter: { start }, by: [], after: null, scan: 100 });
  expect((await ask(day)).edges).toEqual([]);
  const { edges, groups } = await ask({ ...day, to: day.to - 1 });
  expect(groups[0]?.[2].count).toBe(0);
  expect(edges).toEqual([{ startOffset: 3_600, start: { from: day.from, to: day.to - 1 } }]);
});

describe('a question', () => {
  const whole: CallFilter = { start: { from: 1 }, billsec: {}, duration: {} };
  test.each<[string, CallFilter, readonly Dimension[], 'sums' | 'starts' | 'calls']>([
    ['by what they know', { ...whole, trunks: ['96'], port: 3, dispositions: ['BUSY'] }, DIMENSIONS, 'sums'],
    ['by hour', whole, ['hour'], 'starts'],
    ['by extension', whole, ['day', 'extension'], 'calls'],
    ['of a number', { ...whole, src: [{ kind: 'literal', value: '205' }] }, ['day'], 'calls'],
    ['with a bound', { ...whole, billsec: { from: 1 } }, ['day'], 'starts'],
    ['with bounds, on one clock', { ...whole, startOffset: 0, duration: { to: 9 }, lasted: { to: 9 } }, [], 'starts'],
    ['by its end', { ...whole, end: { to: 9 } }, ['day'], 'calls'],
    ['of what changed', { ...whole, since: 0 }, [], 'calls'],
    ['of what is not kept', { ...whole, unkept: true }, [], 'calls'],
    ['of an IVR', { ...whole, ivr: '' }, [], 'calls'],
  ])('%s is answered by sums, by the index of starts or by calls', (_, filter, by, source) => {
    expect(isSummed(filter, by) ? 'sums' : isHeld(filter, by) ? 'starts' : 'calls').toBe(source);
  });
});

test('a store of an earlier schema gets the sums of the calls that it has', async () => {
  const options = storeOptions(temporaryFolder());
  const before = migrations.findIndex((steps) => JSON.stringify(steps).includes('CREATE TABLE call_sum'));
  await openStoreHere({ ...options, migrations: migrations.slice(0, before) }).close();
  sqlOn(options.file, manyCalls(12_345)); // more than one statement sums up
  sqlOn(
    options.file,
    'UPDATE call SET start_offset = 3600, trash = iif(id % 11 = 0, 1, NULL), open = id % 13 = 0 WHERE id % 2',
  );
  sqlOn(options.file, 'UPDATE call SET start_at = -start_at WHERE id % 17 = 0');
  const store = openStoreHere(options);
  expect(await wrongSums(store)).toEqual([]);
  await store.close();
  expect(kept(options.file)).toEqual(recomputed(options.file));
  expect(kept(options.file).length).toBeGreaterThan(3);
});

describe('checked', () => {
  const CALLS = Array.from({ length: 30 }, (_, index) => ({
    second: index * 9_000,
    offset: 3_600,
    shape: index % 2,
    outcome: 0,
    talk: 60,
  }));
  const first = 'day = (SELECT min(day) FROM call_sum)';

  test.each([
    ['a figure is another', `UPDATE call_sum SET minutes = minutes + 1 WHERE ${first} AND calltype = 'Internal'`, 1],
    ['one is not there', `DELETE FROM call_sum WHERE ${first} AND calltype = 'Inbound'`, 1],
    [
      'one is of no call',
      `INSERT INTO call_sum SELECT day, start_offset, calltype, disposition, '77', dst_trunk, port, 1, 1, 1, 1
       FROM call_sum WHERE ${first}`,
      2,
    ],
    ['a day has none', `DELETE FROM call_sum WHERE ${first}`, 2],
    [
      'one is of a day without calls',
      `UPDATE call_sum SET day = day + 4000 WHERE ${first} AND calltype = 'Internal'`,
      2,
    ],
  ])('they tell where %s', async (_, sql, differences) => {
    const { store, options, close } = await filled(CALLS);
    expect(await wrongSums(store)).toEqual([]);
    await close();
    sqlOn(options.file, sql);
    const again = openStoreHere(options);
    const wrong = await wrongSums(again);
    await again.close();
    expect(wrong).toHaveLength(differences);
    expect(wrong[0]).toMatch(/^2\d\d\d-\d\d-\d\d \(UTC\+1 h\), In.*: \d+ calls, .* its calls are \d+ calls, /);
  });

  test('what comes in meanwhile is no fault', async () => {
    const options = storeOptions(temporaryFolder());
    await openStoreHere(emptyStore(options)).close();
    sqlOn(options.file, manyCalls(3_000)); // of one day, in more than one step
    const store = openStoreHere(options);
    let number = 0;
    const meddling: Pick<StoreClient, 'work'> = {
      async work(...question) {
        const answer = await store.work(...question);
        const record = leg(1_619_082_110, { uniqueId: `1619082110.${++number}`, linkedId: `1619082110.${number}` });
        await put(store, record);
        await shut(store, record);
        return answer;
      },
    };
    const wrong: string[] = [];
    for await (const day of checkSums(meddling)) wrong.push(...day.wrong);
    await store.close();
    expect(wrong).toEqual([]);
    expect(number).toBeGreaterThan(10);
  });
});
