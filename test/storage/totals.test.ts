/**
 * Totals and counts against the rows themselves, added up here one by one: whatever way the store takes for a filter (its
 * sums by day, a day at a time along the index of starts, the calls that a search found, each call), the answer is the same.
 * Clocks that are changed, days before 1970, starts that many calls share, calls that are open or in the trash.
 */
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import type { StoreClient } from '../../storage/client.ts';
import type { CallFilter, Cursor, Dimension, Sums, SumsStep } from '../../storage/filter.ts';
import { openStoreHere } from '../../storage/here.ts';
import { openDatabase } from '../../storage/sql/database.ts';
import { emptyStore } from '../support/empty-store.ts';
import { temporaryFolder } from '../support/folder.ts';
import { storeOptions } from '../support/legs.ts';
import { countOf } from './helper.ts';

const DAY = 86_400;
const OUTCOMES = ['ANSWERED', 'BUSY', 'NO ANSWER', 'FAILED', 'CONGESTION'] as const;
const DIRECTIONS = ['Internal', 'Inbound', 'Outbound'] as const;
const TRUNKS = ['', '96', '42'];

interface Call {
  readonly id: number;
  readonly start: number;
  readonly offset: number;
  readonly src: string;
  readonly dst: string;
  readonly sourceTrunk: string;
  readonly destinationTrunk: string;
  readonly port: number;
  readonly duration: number;
  readonly billsec: number;
  readonly disposition: string;
  readonly direction: string;
  readonly state: 'shown' | 'open' | 'trash';
}

/** What a store is drawn from. */
interface Shape {
  readonly seed: number;
  readonly calls: number;
  /** Epoch seconds of its first midnight at UTC, the days that follow, and seconds between two starts that may be. */
  readonly first: number;
  readonly days: number;
  readonly grain: number;
  readonly offsets: readonly number[];
}

/** The same calls for the same shape. */
function callsOf({ seed, calls, first, days, grain, offsets }: Shape): Call[] {
  let state = seed;
  const below = (bound: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * bound);
  };
  const among = <T>(values: readonly T[]) => values[below(values.length)] as T;
  return Array.from({ length: calls }, (_, index) => {
    const hidden = below(20);
    return {
      id: index + 1,
      start: first + below((days * DAY) / grain) * grain,
      offset: among(offsets),
      src: String(200 + below(60)),
      dst: String(300 + below(60)),
      sourceTrunk: among(TRUNKS),
      destinationTrunk: among(TRUNKS),
      port: below(3),
      duration: below(4) * 40, // billsec may be more: another clock's, or a record that is wrong
      billsec: below(4) * below(70),
      disposition: among(OUTCOMES),
      direction: among(DIRECTIONS),
      state: hidden === 0 ? 'open' : hidden === 1 ? 'trash' : 'shown',
    };
  });
}

function storeOf(calls: readonly Call[]): { readonly store: StoreClient; close(): Promise<void> } {
  const options = emptyStore(storeOptions(temporaryFolder()));
  const rows = calls.map((call) => [
    ...[call.id, Number(call.state === 'open'), call.state === 'open' ? null : call.id],
    ...[call.state === 'trash' ? 1 : null, call.start, call.offset, call.src, call.dst, call.sourceTrunk],
    ...[call.destinationTrunk, call.port, call.duration, call.billsec, call.disposition, call.direction],
  ]);
  const value = (index: number) => `json_extract(value, '$[${index}]')`;
  const database = openDatabase(options.file);
  database.run(
    `INSERT INTO call (id, call_group, anchor, open, changed, trash, start_at, start_offset, end_at, end_offset, src, dst,
       src_trunk, dst_trunk, port, duration, billsec, disposition, calltype, accountcode, cidname, ivr, uniqueid, recording)
     SELECT ${value(0)}, 'L' || ${value(0)}, ${[0, 1, 2, 3, 4, 5, 4, 5].map(value).join(', ')},
       ${[6, 7, 8, 9, 10, 11, 12, 13, 14].map(value).join(', ')}, '', '', '', '', '' FROM json_each(?)`,
    [JSON.stringify(rows)],
  );
  database.run(
    'INSERT INTO number SELECT DISTINCT 0, src FROM call WHERE trash IS NULL UNION SELECT DISTINCT 1, dst FROM call WHERE trash IS NULL',
  );
  database.close();
  const store = openStoreHere(options);
  onTestFinished(() => store.close());
  return { store, close: () => store.close() };
}

type Asked = Omit<CallFilter, 'src'> & { readonly src?: readonly string[] };

const within = (value: number, { from = -Infinity, to = Infinity }: CallFilter['start'] = {}) =>
  value >= from && value <= to;

/** Whether the guide's filter means a call. */
function isMeant(call: Call, asked: Asked): boolean {
  const { from = -Infinity, to = Infinity } = asked.duration ?? {};
  return (
    call.state === 'shown' &&
    within(call.start, asked.start) &&
    within(call.billsec, asked.billsec) &&
    Math.max(call.duration, call.billsec) >= from &&
    Math.min(call.duration, call.billsec) <= to &&
    (asked.dispositions ?? [call.disposition]).some((name) => name === call.disposition) &&
    (asked.callTypes ?? [call.direction]).some((name) => name === call.direction) &&
    (asked.port ?? call.port) === call.port &&
    (asked.trunks ?? []).every((name) => call.sourceTrunk === name || call.destinationTrunk === name) &&
    (!asked.src || asked.src.some((pattern) => new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(call.src)))
  );
}

function groupsOf(call: Call, dimension: Dimension): readonly (string | number)[] {
  const wall = call.start + call.offset;
  const day = Math.floor(wall / DAY);
  switch (dimension) {
    case 'day':
      return [day];
    case 'hour':
      return [Math.floor((wall - day * DAY) / 3_600)];
    case 'disposition':
      return [call.disposition === 'CONGESTION' ? 'FAILED' : call.disposition];
    case 'direction':
      return [call.direction];
    case 'trunk':
      return [...new Set([call.sourceTrunk, call.destinationTrunk])].filter((name) => name !== '');
    case 'port':
      return call.port > 0 ? [call.port] : [];
    case 'extension':
      return [
        ...new Set([
          ...(call.sourceTrunk === '' && call.direction !== 'Inbound' ? [call.src] : []),
          ...(call.destinationTrunk === '' && call.direction !== 'Outbound' ? [call.dst] : []),
        ]),
      ];
  }
}

type Totals = Record<string, Sums>;

function addTo(totals: Totals, name: string, sums: Sums): void {
  const known = totals[name];
  totals[name] = known
    ? (Object.fromEntries(
        Object.entries(known).map(([figure, value]) => [figure, value + sums[figure as keyof Sums]]),
      ) as unknown as Sums)
    : sums;
}

function ofCalls(calls: readonly Call[], asked: Asked, by: readonly Dimension[]): Totals {
  const totals: Totals = {};
  for (const call of calls) {
    if (!isMeant(call, asked)) continue;
    const is = (...outcomes: string[]) => Number(outcomes.includes(call.disposition));
    const sums: Sums = {
      count: 1,
      answered: is('ANSWERED'),
      noanswer: is('NO ANSWER'),
      busy: is('BUSY'),
      failed: is('FAILED', 'CONGESTION'),
      duration: call.duration,
      billsec: call.billsec,
      talked: call.billsec * is('ANSWERED'),
      minutes: Math.ceil(call.billsec / 60),
    };
    addTo(totals, 'all', sums);
    for (const dimension of by)
      for (const group of groupsOf(call, dimension)) addTo(totals, `${dimension} ${group}`, sums);
  }
  return totals;
}

/** The store's answer; what adds up to no call is no group. */
async function told(store: StoreClient, filter: CallFilter, by: readonly Dimension[]): Promise<Totals> {
  const totals: Totals = {};
  for await (const { groups } of store.totals(filter, by))
    for (const [dimension, value, sums] of groups)
      if (sums.count > 0) addTo(totals, dimension === null ? 'all' : `${dimension} ${value}`, sums);
  return totals;
}

const some = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 });
const bounds = (most: number) => fc.record({ from: some(fc.nat(most)), to: some(fc.nat(most)) });
const dimensions = fc.oneof(
  fc.constantFrom<Dimension[]>([], ['day'], ['hour']),
  fc.subarray<Dimension>(['day', 'hour', 'disposition', 'direction', 'trunk', 'port', 'extension']),
);
/** A bound in days behind the first midnight, by seconds off some clock's midnight. */
const moment = some(
  fc.tuple(fc.integer({ min: -1, max: 70 }), fc.constantFrom(0, -1, 3_600, -7_200, 28_800, 28_799, 40_000)),
);
const conditions = {
  billsec: bounds(210),
  duration: bounds(130),
  dispositions: fc.subarray([...OUTCOMES], { minLength: 1 }),
  callTypes: fc.subarray([...DIRECTIONS], { minLength: 1 }),
  port: fc.nat(2),
  trunks: fc.subarray(['96', '42'], { minLength: 1 }),
  src: fc.subarray(['20*', '*5', '*4*', '207'], { minLength: 1 }),
};
type Conditions = {
  readonly [Name in keyof typeof conditions]: (typeof conditions)[Name] extends fc.Arbitrary<infer Value>
    ? Value
    : never;
};
/** With all of them few calls would match, and few ways be gone: two at most. */
const questions = fc.record({
  from: moment,
  to: moment,
  conditions: fc.record(conditions),
  asked: fc.subarray(Object.keys(conditions) as (keyof Conditions)[], { maxLength: 2 }),
  by: dimensions,
});
type Question = typeof questions extends fc.Arbitrary<infer Value> ? Value : never;

/** Bounds that are there. */
const given = ({ from, to }: { from?: number | undefined; to?: number | undefined } = {}): CallFilter['start'] => ({
  ...(from !== undefined && { from }),
  ...(to !== undefined && { to }),
});

function askedBy({ from, to, conditions, asked }: Question, first: number): Asked {
  const at = (bound: Question['from']) => bound && first + bound[0] * DAY + bound[1];
  const { billsec, duration, ...rest }: Partial<Conditions> = Object.fromEntries(
    asked.map((name) => [name, conditions[name]]),
  );
  return { ...rest, start: given({ from: at(from), to: at(to) }), billsec: given(billsec), duration: given(duration) };
}

function filterOf({ src, ...rest }: Asked): CallFilter {
  if (!src) return rest;
  const patterns = src.map((text) =>
    text.includes('*') ? ({ kind: 'wildcard', pattern: text } as const) : ({ kind: 'literal', value: text } as const),
  );
  return { ...rest, src: patterns };
}

const shapes = fc.record<Shape>({
  seed: fc.nat(1e9),
  calls: fc.constantFrom(300, 5_500), // among few, numbers are not searched for
  first: fc.constantFrom(0, -40 * DAY, Date.UTC(2021, 9, 30) / 1000),
  // A step has 31 days of one clock each: just so many, too.
  days: fc.oneof(fc.constantFrom(30, 31, 32, 62), fc.integer({ min: 1, max: 70 })),
  grain: fc.constantFrom(1, 600, 43_200),
  offsets: fc.subarray([0, 3_600, 7_200, -28_800, 20_700], { minLength: 1, maxLength: 3 }),
});

/** Calls of a number before 1970 and behind it, in the longest step that there is. */
const BEFORE_1970: Shape = { seed: 1, calls: 5_500, first: -20 * DAY, days: 31, grain: 600, offsets: [3_600, -28_800] };
const OPEN = { from: undefined, to: undefined };
const OF_A_NUMBER: Question = {
  ...OPEN,
  conditions: { billsec: OPEN, duration: OPEN, dispositions: [], callTypes: [], port: 0, trunks: [], src: ['*4*'] },
  asked: ['src'],
  by: [],
};

test('totals and counts are those of the rows, by whatever way the store comes to them', async () => {
  const several = fc.array(questions, { minLength: 12, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(shapes, several, questions, async (shape, asked, one) => {
      const calls = callsOf(shape);
      const { store, close } = storeOf(calls);
      const numbers: Question = { ...one, ...OPEN, asked: ['src'], by: ['day', 'hour'] };
      for (const question of [numbers, ...asked]) {
        const wanted = askedBy(question, shape.first);
        const filter = filterOf(wanted);
        const expected = ofCalls(calls, wanted, question.by);
        expect(await told(store, filter, question.by)).toEqual(expected);
        expect(await countOf(store, 'call', filter)).toBe(expected['all']?.count ?? 0);
      }
      await close();
    }),
    // To look for a smaller example would take minutes.
    { numRuns: 10, endOnFailure: true, examples: [[BEFORE_1970, [OF_A_NUMBER], OF_A_NUMBER]] },
  );
}, 60_000);

test('a step takes no further day that has more calls than are left to it', async () => {
  const calls = callsOf({ seed: 1, calls: 3_000, first: 0, days: 6, grain: 1, offsets: [0] });
  const { store } = storeOf(calls); // some 450 a day are shown
  const filter: CallFilter = { start: {}, billsec: { from: 1 } };
  for (const [scan, most] of [
    [600, 1],
    [1_100, 2],
    [100, 1],
  ] as const) {
    const days: number[] = [];
    for (let after: Cursor | null = null; ; ) {
      const step: SumsStep = await store.ask('callDays', { filter, by: ['day'], after, scan });
      days.push(step.groups.filter(([dimension]) => dimension === 'day').length);
      after = step.next;
      if (!after) break;
    }
    expect(Math.max(...days), `${scan}`).toBe(most);
    expect(days.reduce((sum, count) => sum + count)).toBe(6);
  }
});
