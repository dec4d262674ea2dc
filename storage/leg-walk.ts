/**
 * Asterisk's records in the order of their own starts, newest first, out of steps along the calls. A record may begin after
 * calls that have begun after its own: so names are held until the steps have come far enough back that none can come
 * before them. Rows are made of names in their turn: however long the listing, no more of them is held than a page.
 */
import { type Cursor, LEG_LEAD, type LegFilter, type LegName, type LegStep } from './filter.ts';
import type { Lanes } from './lanes.ts';
import type { ListedLeg } from './sql/leg-listing.ts';

/** Rows of a page at most: some ms of the store's time, and of the reader's. */
const PAGE_ROWS = 100;

export interface LegListing {
  readonly filter: LegFilter;
  /** Rows wanted; Infinity: all. */
  readonly limit: number;
}

export interface LegPage {
  readonly legs: readonly ListedLeg[];
  readonly rows: number;
  /** null: that was the last. */
  readonly next: Cursor | null;
}

/** Begins with the first step. */
export async function* legPages(lanes: Lanes, { filter, limit }: LegListing): AsyncGenerator<LegPage> {
  /** Newest first. */
  let held: readonly LegName[] = [];
  let left = limit;
  let after: Cursor | null = null;
  let lane: 'interactive' | 'bulk' = 'interactive';
  while (left > 0) {
    const { value } = await lanes.ask(lane, { operation: 'legStep', argument: { filter, after } });
    lane = 'bulk'; // whoever begins comes before what is long already
    const { legs, next } = value as LegStep;
    held = merged(held, [...legs].sort(byNewest)).slice(0, left);
    const settled = next ? held.findIndex(([start]) => start <= next.key + LEG_LEAD) : -1;
    const ready = settled < 0 ? held : held.slice(0, settled);
    held = held.slice(ready.length);
    left -= ready.length;
    if (ready.length === 0) yield { legs: [], rows: 0, next };
    for (let at = 0; at < ready.length; at += PAGE_ROWS) {
      const ids = ready.slice(at, at + PAGE_ROWS).map(([, id]) => id);
      const rows = (await lanes.ask(lane, { operation: 'legRows', argument: ids })).value as readonly ListedLeg[];
      const goesOn = at + ids.length < ready.length || (next !== null && left > 0);
      yield { legs: rows, rows: rows.length, next: goesOn ? (next ?? BEHIND) : null };
    }
    if (!next) return;
    after = next;
  }
}

/** Where the calls have ended and rows have not. */
const BEHIND: Cursor = { key: 0, id: 0 };

function byNewest([a, one]: LegName, [b, other]: LegName): number {
  return b - a || other - one;
}

/** Of two lists in order one: sorting all again each time would cost as much as the store's step. */
function merged(a: readonly LegName[], b: readonly LegName[]): readonly LegName[] {
  if (a.length === 0) return b;
  const all: LegName[] = [];
  let [i, j] = [0, 0];
  for (let one = a[i], other = b[j]; one && other; one = a[i], other = b[j]) {
    const first = byNewest(one, other) <= 0;
    all.push(first ? one : other);
    if (first) i++;
    else j++;
  }
  for (; i < a.length; i++) all.push(a[i] as LegName);
  for (; j < b.length; j++) all.push(b[j] as LegName);
  return all;
}
