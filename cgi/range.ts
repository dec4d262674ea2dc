/** The date range that 9006, 9005, 9004 and 20053 share: inclusive, one side may be open, nothing at all means today. */

import type { Bounds } from '../storage/filter.ts';
import { resolveLocal, type Zone } from '../storage/model/local-time.ts';
import type { WallTime } from './fields.ts';
import { CgiError } from './reply.ts';

export interface DateRange {
  /** As the answer's `json_obj_filter` repeats it: what was sent, or today's. */
  readonly startdate: string;
  readonly enddate: string;
  /** Seconds of the wall clock. */
  readonly wall: Bounds;
}

interface Dates {
  readonly startdate?: WallTime | undefined;
  readonly enddate?: WallTime | undefined;
}

/** @throws {CgiError} `invalid` for a range upside down. */
export function dateRange({ startdate, enddate }: Dates, zone: Zone, now: number): DateRange {
  if (!startdate && !enddate) return today(zone, now);
  ordered('startdate', startdate?.wall, enddate?.wall, 'is after enddate');
  return {
    startdate: startdate?.text ?? '',
    enddate: enddate?.text ?? '',
    wall: bounds(startdate?.wall, enddate?.wall),
  };
}

function today(zone: Zone, now: number): DateRange {
  const day = zone.text(now).slice(0, 10);
  const wall = now + zone.offsetAt(now);
  const from = wall - (wall % 86_400);
  return { startdate: `${day} 00:00`, enddate: `${day} 23:59`, wall: { from, to: from + 86_399 } };
}

/** The same range as moments. Where the clock shows a time twice, the range reaches from the first to the second. */
export function epochBounds({ from, to }: Bounds, zone: Zone): Bounds {
  return bounds(
    from === undefined ? undefined : resolveLocal(from, zone).epoch,
    to === undefined ? undefined : resolveLocal(to, zone, Number.MAX_SAFE_INTEGER).epoch,
  );
}

/** Bounds with the open sides left out. */
export function bounds(from: number | undefined, to: number | undefined): Bounds {
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
}

/** @throws {CgiError} `invalid`, naming the lower one. */
export function ordered(name: string, low: number | undefined, high: number | undefined, message: string): void {
  if (low !== undefined && high !== undefined && low > high) throw new CgiError('invalid', `${name} ${message}`, name);
}
