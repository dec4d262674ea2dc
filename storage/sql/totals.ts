/**
 * Sums over the calls of a filter, a step at a time along the same paths as its listing, for what the sums by day
 * (sql/sums.ts) don't know. A step's calls come as one JSON text with what is asked of each, and are added up here: SQLite's
 * own GROUP BY sorts them anew for each dimension, and a function of ours called for each row costs three times as much.
 */
import type { CallFilter, Dimension, Sums, SumsStep, TotalsRequest, TotalsStep } from '../filter.ts';
import type { Database } from './database.ts';
import { type Adder, createAdder, sumsOf } from './groups.ts';
import { callStretch, joined, type Stretch, union, withinBounds } from './listing.ts';
import { DAY_SECONDS, dayAt, FURTHEST_SECONDS } from './sums.ts';
import { whereCalls } from './where.ts';

const digits = (column: string) => `${column} <> '' AND ${column} NOT GLOB '*[^0-9]*'`;

/** What is asked of a call: always, or only for a dimension. */
const VALUES: readonly (readonly [sql: string, ...dimensions: readonly Dimension[]])[] = [
  ['disposition'],
  ['duration'],
  ['billsec'],
  // The call's own clock, as it was at its start.
  ['start_at + start_offset', 'day', 'hour'],
  ['calltype', 'direction'],
  ['port', 'port'],
  ['src_trunk', 'trunk'],
  ['dst_trunk', 'trunk'],
  // The side without a trunk is one of ours, but for what the direction says is outside; `s` and `*97` are no numbers.
  [`CASE WHEN src_trunk = '' AND calltype <> 'Inbound' AND ${digits('src')} THEN src END`, 'extension'],
  [`CASE WHEN dst_trunk = '' AND calltype <> 'Outbound' AND ${digits('dst_inner')} THEN dst_inner END`, 'extension'],
];

/** As they stand in {@link VALUES}, up to the last one that is asked; 0 where one before it isn't. */
type Call = readonly [
  disposition: string,
  duration: number,
  billsec: number,
  wall?: number,
  direction?: string,
  port?: number,
  sourceTrunk?: string,
  destinationTrunk?: string,
  source?: string | null,
  destination?: string | null,
];

export function callTotals(database: Database, request: TotalsRequest): TotalsStep {
  const { by } = request;
  const { parts, end } =
    request.starts === undefined
      ? callStretch(database, request)
      : { parts: [partOfStarts(request.starts)], end: null };
  if (by.length === 0) return { groups: [[null, '', plainSums(database, parts)]], next: end };
  const adder = createAdder(by);
  addCalls(database, parts, by, adder);
  return { groups: adder.groups(), next: end };
}

function addCalls(database: Database, parts: Stretch['parts'], by: readonly Dimension[], adder: Adder): void {
  const isAsked = (dimensions: readonly Dimension[]) =>
    dimensions.length === 0 || dimensions.some((name) => by.includes(name));
  const asked = VALUES.map(([sql, ...dimensions]) => (isAsked(dimensions) ? sql : '0'));
  const values = asked.slice(0, asked.findLastIndex((sql) => sql !== '0') + 1);
  const calls = union(parts, `SELECT json_group_array(json_array(${values.join(', ')})) AS text`);
  for (const { text } of database.all(calls.text, calls.binds))
    for (const call of JSON.parse(String(text)) as readonly Call[]) {
      const [
        disposition,
        duration,
        billsec,
        wall = 0,
        direction = '',
        port = 0,
        sourceTrunk = '',
        destinationTrunk = '',
        source = null,
        destination = null,
      ] = call;
      const day = Math.floor(wall / 86_400);
      const hour = Math.floor(wall / 3_600) - day * 24;
      adder.add(
        { disposition, day, hour, direction, port, sourceTrunk, destinationTrunk, source, destination },
        1,
        duration,
        billsec,
        Math.ceil(billsec / 60),
      );
    }
}

/** Calls that are looked up in the index of starts, not in their rows, which lie all over the file. */
const partOfStarts = (starts: string): Stretch['parts'][number] => ({
  from: `json_each(?) AS hit CROSS JOIN call INDEXED BY call_start ON call.start_at = hit.key AND call.id = hit.value`,
  where: 'trash IS NULL AND open = 0',
  // As `{"START":ID, …}`: pairs without a look into each.
  binds: [`{"${starts.replaceAll('.', '":').replaceAll(',', ',"')}}`],
});

/** Days of a step at most. */
const DAYS = 31;
/**
 * Calls of a day at most that are looked at by one statement, some 10 ms: summed up by SQLite, or one by one. A busier day is
 * told as an edge, to be looked at in steps.
 */
const DAY_CALLS = { summed: 12_000, each: 6_000 };

/**
 * Sums of whole days, each by one statement over its stretch of the index of starts, for what that index holds and the
 * sums by day don't know; those say which days there are, on which clock, and how many calls each has, so that nobody has
 * to look where a stretch ends. `scan` is of calls.
 */
export function callDays(database: Database, { filter, by, after, scan }: TotalsRequest): SumsStep {
  const { from = Number.MIN_SAFE_INTEGER, to = Number.MAX_SAFE_INTEGER } = filter.start;
  const days = database.all(
    `SELECT day, start_offset, sum(calls) AS calls FROM call_sum
     WHERE (day, start_offset) > (?, ?) AND day <= ? GROUP BY day, start_offset LIMIT ?`,
    [
      after?.key ?? dayAt(from - FURTHEST_SECONDS),
      after?.id ?? Number.MIN_SAFE_INTEGER,
      dayAt(to + FURTHEST_SECONDS),
      DAYS,
    ],
  );
  // By day, or in all, SQLite sums up by itself.
  const adder = by.some((dimension) => dimension !== 'day') ? createAdder(by) : null;
  const groups: TotalsStep['groups'][number][] = [];
  const edges: CallFilter[] = [];
  let looked = 0;
  let taken = 0;
  for (const row of days) {
    const [day, startOffset, calls] = [Number(row['day']), Number(row['start_offset']), Number(row['calls'])];
    const isBusy = calls > (adder ? DAY_CALLS.each : DAY_CALLS.summed);
    if (!isBusy && looked > 0 && looked + calls > scan) break;
    taken++;
    const midnight = day * DAY_SECONDS - startOffset;
    const start = { from: Math.max(from, midnight), to: Math.min(to, midnight + DAY_SECONDS - 1) };
    if (start.from > start.to) continue;
    const ofDay = { ...filter, startOffset, start };
    if (isBusy) {
      edges.push(ofDay);
      continue;
    }
    looked += calls;
    if (adder) addCalls(database, [dayPart(ofDay)], by, adder);
    else groups.push(...ofWholeDay(plainSums(database, [dayPart(ofDay)]), day, by));
  }
  const last = taken < days.length || days.length === DAYS ? days[taken - 1] : undefined;
  return {
    groups: adder ? adder.groups() : groups,
    edges,
    next: last ? { key: Number(last['day']), id: Number(last['start_offset']) } : null,
  };
}

function ofWholeDay(sums: Sums, day: number, by: readonly Dimension[]): TotalsStep['groups'] {
  if (sums.count === 0) return [];
  const all = [null, '', sums] as const;
  return by.length === 0 ? [all] : [all, ['day', day, sums]];
}

/** The whole stretch of a day: sums know how long it is, so that nobody has to look for its end. */
function dayPart(filter: CallFilter): Stretch['parts'][number] {
  const start = joined(withinBounds('start_at', filter.start));
  const where = whereCalls(filter);
  return {
    from: 'call INDEXED BY call_start',
    where: [...where.conditions, start.text].join(' AND '),
    binds: [...where.binds, ...start.binds],
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

/** More than the rows of a step or of a day; its square times as many is still a whole number. */
const APART = 100_000;
