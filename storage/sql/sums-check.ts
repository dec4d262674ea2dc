/**
 * Sums by day against the calls that they are of, a bounded stretch of a day's calls at a time. Whoever asks adds the
 * stretches up (check-sums.ts), for none of the steps may hold the store for as long as a busy day's calls take.
 */
import type { Cursor } from '../filter.ts';
import type { Database } from './database.ts';
import { callStretch, union } from './listing.ts';
import { DAY_SECONDS, dayAt, FURTHEST_SECONDS } from './sums.ts';

/** What a sum is of, in the order of {@link SumsCheck}; the day is told apart. */
const KEY = 'start_offset, calltype, disposition, src_trunk, dst_trunk, port';

export interface SumsCheckRequest {
  /** Days since 1970; null: only tell which is the first. */
  readonly day: number | null;
  /** How far along its calls. */
  readonly after: Cursor | null;
  /** Calls looked at. */
  readonly scan: number;
}

export interface SumsCheck {
  /** The day's sums as they are kept: a JSON array of `[offset, direction, outcome, trunk, trunk, port, calls, duration, billsec, minutes]`. */
  readonly kept: string;
  /** The same of the calls of this stretch. */
  readonly found: string;
  /** How to go on within the day; null: it's at its end. */
  readonly after: Cursor | null;
  /** The next day that has sums or may have calls; null: there is none. */
  readonly nextDay: number | null;
}

export function sumsCheck(database: Database, { day, after, scan }: SumsCheckRequest): SumsCheck {
  const nextDay = nextDayOf(database, day ?? Number.MIN_SAFE_INTEGER / DAY_SECONDS);
  if (day === null) return { kept: '[]', found: '[]', after: null, nextDay };
  const midnight = day * DAY_SECONDS;
  const start = { from: midnight - FURTHEST_SECONDS, to: midnight + DAY_SECONDS + FURTHEST_SECONDS };
  const { parts, end } = callStretch(database, { filter: { start }, after, scan });
  const { text, binds } = union(parts, `SELECT start_at, duration, billsec, ${KEY}`);
  return {
    kept: jsonOf(database, 'FROM call_sum WHERE day = ?', 'calls, duration, billsec, minutes', [day]),
    found: jsonOf(
      database,
      `FROM (SELECT ${KEY}, count(*) AS calls, sum(duration) AS duration, sum(billsec) AS billsec,
         sum((billsec + 59) / 60) AS minutes FROM (${text}) WHERE start_at + start_offset BETWEEN ? AND ? GROUP BY ${KEY})`,
      'calls, duration, billsec, minutes',
      [...binds, midnight, midnight + DAY_SECONDS - 1],
    ),
    after: end,
    nextDay,
  };
}

function jsonOf(database: Database, from: string, figures: string, binds: Parameters<Database['first']>[1]): string {
  return String(
    database.first(`SELECT json_group_array(json_array(${KEY}, ${figures})) AS text ${from}`, binds)?.['text'],
  );
}

function nextDayOf(database: Database, day: number): number | null {
  const known = (sql: string, bind: number) => {
    const found = database.first(sql, [bind])?.['next'] ?? null;
    return found === null ? [] : [Number(found)];
  };
  const from = Math.ceil((day + 1) * DAY_SECONDS - FURTHEST_SECONDS);
  const calls = known(
    'SELECT min(start_at) AS next FROM call INDEXED BY call_start WHERE trash IS NULL AND open = 0 AND start_at >= ?',
    from,
  );
  const days = [
    ...known('SELECT min(day) AS next FROM call_sum WHERE day > ?', Math.floor(day)),
    ...calls.map((start) => Math.max(day + 1, dayAt(start - FURTHEST_SECONDS))),
  ];
  return days.length === 0 ? null : Math.min(...days);
}
