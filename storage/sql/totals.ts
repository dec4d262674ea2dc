/**
 * Sums over the calls of a filter, a step at a time along the same paths as its listing. The grouping is done by a function
 * that SQLite calls once a row: its own GROUP BY sorts every step's rows anew for each dimension, at four times the cost.
 */
import type { Dimension, Sums, TotalsRequest, TotalsStep } from '../filter.ts';
import { CALL_TYPES } from '../model/leg.ts';
import type { Database } from './database.ts';
import { callStretch, type Stretch, union } from './listing.ts';

/** Dispositions as shown, in the order of their codes: whatever is none of the first three is a failure. */
const OUTCOMES = ['ANSWERED', 'NO ANSWER', 'BUSY', 'FAILED'] as const;
const OUTCOME = `CASE disposition WHEN 'ANSWERED' THEN 0 WHEN 'NO ANSWER' THEN 1 WHEN 'BUSY' THEN 2 ELSE 3 END`;
const DIRECTION = `CASE calltype ${CALL_TYPES.map((name, code) => `WHEN '${name}' THEN ${code}`).join(' ')} END`;

const digits = (column: string) => `${column} <> '' AND ${column} NOT GLOB '*[^0-9]*'`;

/** As floating point: the package takes a whole number through a BigInt, at three times the cost. */
const float = (expression: string) => `(${expression}) * 1.0`;

/** The function's arguments: always asked, or only for a dimension. */
const ARGUMENTS: readonly (readonly [sql: string, ...dimensions: readonly Dimension[]])[] = [
  // The call's own clock, as it was at its start.
  [float('start_at + start_offset'), 'day', 'hour'],
  [float(DIRECTION), 'direction'],
  [float('port'), 'port'],
  ["nullif(src_trunk, '')", 'trunk'],
  ["nullif(dst_trunk, '')", 'trunk'],
  // The side without a trunk is one of ours, but for what the direction says is outside; `s` and `*97` are no numbers.
  [`CASE WHEN src_trunk = '' AND calltype <> 'Inbound' AND ${digits('src')} THEN src END`, 'extension'],
  [`CASE WHEN dst_trunk = '' AND calltype <> 'Outbound' AND ${digits('dst_inner')} THEN dst_inner END`, 'extension'],
];

/** Sums by value. */
type Groups = Map<string | number, Float64Array>;
/** Numbers in {@link Sums}. */
const SUMS = 9;

type Totals = (request: TotalsRequest) => TotalsStep;

/** Makes the function known to the database. @returns what gives one step's sums. */
export function createCallTotals(database: Database): Totals {
  /** Of this step: each dimension asked for with its values' sums, and the sums of all calls. */
  let asked: Partial<Record<Dimension, Groups>> = {};
  let all = new Float64Array(SUMS);

  database.define(
    'add_call',
    (outcome, duration, billsec, wall, direction, port, srcTrunk, dstTrunk, source, destination) => {
      const [ended, lasted, talked] = [outcome as number, duration as number, billsec as number];
      addTo(all, ended, lasted, talked);
      const add = (groups: Groups, value: string | number) => addTo(sumsIn(groups, value), ended, lasted, talked);
      const { day, hour, disposition, direction: directions, port: ports, trunk, extension } = asked;
      if (day) add(day, Math.floor((wall as number) / 86_400));
      if (hour) add(hour, Math.floor((wall as number) / 3_600) - Math.floor((wall as number) / 86_400) * 24);
      if (disposition) add(disposition, ended);
      if (directions && direction !== null) add(directions, direction as number);
      if (ports && port) add(ports, port as number);
      if (trunk && srcTrunk !== null) add(trunk, srcTrunk as string);
      if (trunk && dstTrunk !== null && dstTrunk !== srcTrunk) add(trunk, dstTrunk as string);
      if (extension && source !== null) add(extension, source as string);
      if (extension && destination !== null && destination !== source) add(extension, destination as string);
      return 1;
    },
  );
  return (request) => {
    const { parts, end } = callStretch(database, request);
    if (request.by.length === 0) return { groups: [[null, '', plainSums(database, parts)]], next: end };
    all = new Float64Array(SUMS);
    asked = Object.fromEntries(request.by.map((dimension) => [dimension, new Map()]));
    const values = ARGUMENTS.map(([sql, ...dimensions]) => (dimensions.some((name) => asked[name]) ? sql : 'NULL'));
    const known = [OUTCOME, 'duration', 'billsec'].map(float);
    const calls = union(parts, `SELECT count(add_call(${[...known, ...values].join(', ')})) AS rows`);
    database.all(calls.text, calls.binds);
    const groups = request.by.flatMap((dimension) =>
      [...(asked[dimension] ?? [])].map(([value, sums]) => [dimension, named(dimension, value), sumsOf(sums)] as const),
    );
    return { groups: [[null, '', sumsOf(all)], ...groups], next: end };
  };
}

/**
 * Without groups SQLite is the faster. What compares texts is most of the time, so each row's outcome is looked at once:
 * its count stands in one sum with the others', apart by more than a step's rows, and what is none of them is a failure.
 */
function plainSums(database: Database, parts: Stretch['parts']): Sums {
  const outcomes = `sum(CASE disposition WHEN 'ANSWERED' THEN 1 WHEN 'NO ANSWER' THEN ${APART} WHEN 'BUSY' THEN ${APART ** 2} ELSE 0 END)`;
  const talked = "sum(CASE disposition WHEN 'ANSWERED' THEN billsec ELSE 0 END)";
  const figures = ['count(*)', outcomes, 'sum(duration)', 'sum(billsec)', talked, 'sum((billsec + 59) / 60)'];
  const calls = union(parts, 'SELECT disposition, duration, billsec');
  const row = database.first(
    `SELECT ${figures.map((figure, index) => `${figure} AS f${index}`).join(', ')} FROM (${calls.text})`,
    calls.binds,
  );
  const [count = 0, packed = 0, ...times] = figures.map((_, index) => Number(row?.[`f${index}`] ?? 0));
  const [answered, noanswer, busy] = [
    packed % APART,
    Math.floor(packed / APART) % APART,
    Math.floor(packed / APART ** 2),
  ];
  return sumsOf(Float64Array.of(count, answered, noanswer, busy, count - answered - noanswer - busy, ...times));
}

/** More than the rows of a step; its square times as many is still a whole number. */
const APART = 100_000;

/** Codes as the words that they stand for. */
function named(dimension: Dimension, value: string | number): string | number {
  if (dimension === 'disposition') return OUTCOMES[Number(value)] ?? '';
  return dimension === 'direction' ? (CALL_TYPES[Number(value)] ?? '') : value;
}

function sumsIn(groups: Groups, value: string | number): Float64Array {
  const known = groups.get(value);
  if (known) return known;
  const sums = new Float64Array(SUMS);
  groups.set(value, sums);
  return sums;
}

/** In the order of {@link sumsOf}. */
function addTo(sums: Float64Array, outcome: number, duration: number, billsec: number): void {
  const add = (index: number, value: number) => {
    sums[index] = (sums[index] ?? 0) + value;
  };
  add(0, 1);
  add(1 + outcome, 1);
  add(5, duration);
  add(6, billsec);
  if (outcome === 0) add(7, billsec);
  add(8, Math.ceil(billsec / 60));
}

function sumsOf(sums: Float64Array): Sums {
  const [count = 0, answered = 0, noanswer = 0, busy = 0, failed = 0, ...times] = sums;
  const [duration = 0, billsec = 0, talked = 0, minutes = 0] = times;
  return { count, answered, noanswer, busy, failed, duration, billsec, talked, minutes };
}
