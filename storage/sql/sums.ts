/**
 * Answers by the sums that SQLite keeps of the calls that are shown (migration 0015): of each day, by the clock that the box
 * had, each direction, outcome, pair of trunks and port. A year is some thousand of them, whatever the number of its calls.
 * A range that begins or ends within a day takes the whole days from here; the others are its edges, to be summed from
 * their calls. Where the clock was changed a day has sums for each distance from UTC, and an edge for each.
 */
import type { CallFilter, SumsStep, TotalsRequest, TotalsStep } from '../filter.ts';
import type { Bind, Database, Row } from './database.ts';
import { createAdder, sumsOf } from './groups.ts';
import { whereSums } from './where.ts';

export const DAY_SECONDS = 86_400;
/** No clock has ever been further from UTC than this. */
export const FURTHEST_SECONDS = 57_600;

const FIRST = `day * ${DAY_SECONDS} - start_offset`;
const LAST = `${FIRST} + ${DAY_SECONDS - 1}`;

/** As they come out of {@link sumsOfDays}. */
type Cell = readonly [
  disposition: string,
  calls: number,
  duration: number,
  billsec: number,
  minutes: number,
  day: number,
  direction: string,
  port: number,
  sourceTrunk: string,
  destinationTrunk: string,
];

export function callSums(database: Database, request: TotalsRequest): SumsStep {
  const { filter, by, after, scan } = request;
  const { from = Number.MIN_SAFE_INTEGER, to = Number.MAX_SAFE_INTEGER } = filter.start;
  const edges = after === null ? edgesOf(database, filter) : [];
  const first = after === null ? dayAt(from - FURTHEST_SECONDS) : after.key + 1;
  const last = dayAt(to + FURTHEST_SECONDS);
  // With the rest of the day at which the step ends: no day has many.
  const edge = database.first('SELECT day FROM call_sum WHERE day BETWEEN ? AND ? ORDER BY day LIMIT 1 OFFSET ?', [
    first,
    last,
    scan - 1,
  ]);
  const end = edge ? Number(edge['day']) : last;
  const where = whereSums(filter);
  const conditions = ['day BETWEEN ? AND ?', `${FIRST} >= ?`, `${LAST} <= ?`, ...where.conditions].join(' AND ');
  const binds = [first, end, from, to, ...where.binds];
  return {
    edges,
    groups:
      by.length === 0 ? [[null, '', plainSums(database, conditions, binds)]] : grouped(database, by, conditions, binds),
    next: edge ? { key: end, id: 0 } : null,
  };
}

function grouped(
  database: Database,
  by: TotalsRequest['by'],
  conditions: string,
  binds: readonly Bind[],
): TotalsStep['groups'] {
  const columns = 'disposition, calls, duration, billsec, minutes, day, calltype, port, src_trunk, dst_trunk';
  const row = database.first(
    `SELECT json_group_array(json_array(${columns})) AS text FROM call_sum WHERE ${conditions}`,
    binds,
  );
  const adder = createAdder(by);
  for (const cell of JSON.parse(String(row?.['text'])) as readonly Cell[]) {
    const [disposition, calls, duration, billsec, minutes, day, direction, port, sourceTrunk, destinationTrunk] = cell;
    const common = { disposition, day, direction, port, sourceTrunk, destinationTrunk };
    adder.add(common, calls, duration, billsec, minutes);
  }
  return adder.groups();
}

function plainSums(database: Database, conditions: string, binds: readonly Bind[]) {
  const outcome = (name: string, figure = 'calls') => `CASE disposition WHEN '${name}' THEN ${figure} ELSE 0 END`;
  const figures = [
    'calls',
    ...['ANSWERED', 'NO ANSWER', 'BUSY'].map((name) => outcome(name)),
    `CASE WHEN disposition IN ('ANSWERED', 'NO ANSWER', 'BUSY') THEN 0 ELSE calls END`,
    'duration',
    'billsec',
    outcome('ANSWERED', 'billsec'),
    'minutes',
  ];
  const row = database.first(
    `SELECT ${figures.map((figure, index) => `sum(${figure}) AS f${index}`).join(', ')} FROM call_sum WHERE ${conditions}`,
    binds,
  );
  return sumsOf(Float64Array.from(figures, (_, index) => Number(row?.[`f${index}`] ?? 0)));
}

/** Filters for the calls of days of which the range has a part only. */
function edgesOf(database: Database, filter: CallFilter): readonly CallFilter[] {
  const { from, to } = filter.start;
  const cut = [
    ...(from === undefined ? [] : daysWith(database, from, `${FIRST} < ? AND ${LAST} >= ?`, [from, from])),
    ...(to === undefined ? [] : daysWith(database, to, `${FIRST} <= ? AND ${LAST} > ?`, [to, to])),
  ];
  const days = new Map(cut.map((row) => [`${row['day']} ${row['start_offset']}`, row]));
  return [...days.values()].map((row): CallFilter => {
    const startOffset = Number(row['start_offset']);
    const begin = Number(row['day']) * DAY_SECONDS - startOffset;
    const end = begin + DAY_SECONDS - 1;
    return { ...filter, startOffset, start: { from: Math.max(begin, from ?? begin), to: Math.min(end, to ?? end) } };
  });
}

/** Days in which a moment may lie, on any clock that has calls, and of which this holds. */
function daysWith(database: Database, moment: number, condition: string, binds: readonly Bind[]): Row[] {
  return database.all(`SELECT DISTINCT day, start_offset FROM call_sum WHERE day BETWEEN ? AND ? AND ${condition}`, [
    dayAt(moment - FURTHEST_SECONDS),
    dayAt(moment + FURTHEST_SECONDS),
    ...binds,
  ]);
}

/** @param wall Seconds since 1970 as a clock on the wall counts them. @returns days since 1970. */
export const dayAt = (wall: number) => Math.floor(wall / DAY_SECONDS);
