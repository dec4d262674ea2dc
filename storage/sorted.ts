/**
 * Listings in another order than the calls' own. No index gives it, so the keys of all that match are gathered step by
 * step, sorted in slices, and of the result the ids alone are held for a while: who scrolls asks for many pages of one
 * order, and finds it standing still meanwhile. A cursor names such a list and a place in it; where the list has been let
 * go it is made anew.
 */
import { StoreError } from './errors.ts';
import type { CallFilter, Cursor, Page, SortColumn, SortKeys } from './filter.ts';
import type { Lanes } from './lanes.ts';
import { sortSlowly } from './sort-slowly.ts';

/** Calls that are put in order at most: their keys take some 10 MB while they are sorted. */
export const SORTED_MAX = 100_000;
/** Sorted at a time; a further asker is told `busy`. */
const SORTS_MAX = 2;
/** Lists held at most, 0.8 MB each, the ones longest unused go first; and for how long unused. */
const HELD_MAX = 4;
const HELD_MS = 120_000;
/** Of the main thread at one go, ms. */
const SLICE_MS = 4;

/** More match than are put in order. */
export class TooManyToSort extends Error {}

export interface SortedListing {
  readonly filter: CallFilter;
  readonly sort: SortColumn;
  readonly order: 'asc' | 'desc';
  readonly after: Cursor | null;
  readonly offset: number;
}

interface Held {
  readonly number: number;
  readonly question: string;
  readonly ids: Float64Array;
  usedMs: number;
}

type Keyed = readonly [key: string | number, id: number];

export interface Sorted {
  /**
   * The ids of a listing, in its order; empty pages while it is made. What it returns names the list and where the
   * listing begins in it. @throws {TooManyToSort}
   * @param steps Looks at all that match.
   */
  list(
    listing: SortedListing,
    steps: () => AsyncIterable<SortKeys>,
  ): AsyncGenerator<Page, { readonly number: number; readonly ids: Float64Array; readonly from: number }>;
}

export function createSorted(now: () => number = () => performance.now()): Sorted {
  const held: Held[] = [];
  let lastNumber = 0;
  let sorts = 0;

  const letOldGo = () => {
    for (let index = held.length - 1; index >= 0; index--)
      if (now() - (held[index]?.usedMs ?? 0) > HELD_MS) held.splice(index, 1);
  };

  async function* made(
    listing: SortedListing,
    steps: () => AsyncIterable<SortKeys>,
  ): AsyncGenerator<Page, Float64Array> {
    if (sorts >= SORTS_MAX) throw new StoreError('busy', `${SORTS_MAX} listings are being sorted already`);
    sorts += 1;
    try {
      const keyed: Keyed[] = [];
      for await (const { pairs } of steps()) {
        for (const pair of JSON.parse(pairs) as Keyed[]) keyed.push(pair);
        if (keyed.length > SORTED_MAX) throw new TooManyToSort(`more than ${SORTED_MAX} calls match`);
        yield NOTHING;
      }
      const sign = listing.order === 'asc' ? 1 : -1;
      let begun = now();
      for (const _ of sortSlowly(keyed, (a, b) => sign * compareKeys(a[0], b[0]) || b[1] - a[1])) {
        if (now() - begun < SLICE_MS) continue;
        await new Promise(setImmediate);
        yield NOTHING; // whoever writes stops here when the client is gone
        begun = now();
      }
      return Float64Array.from(keyed, ([, id]) => id);
    } finally {
      sorts -= 1;
    }
  }

  return {
    async *list(listing, steps) {
      const { filter, sort, order, after, offset } = listing;
      const question = JSON.stringify([filter, sort, order]);
      letOldGo();
      let list = after && held.find(({ number, question: asked }) => number === after.key && asked === question);
      if (!list) {
        const ids = yield* made(listing, steps);
        list = { number: ++lastNumber, question, ids, usedMs: now() };
        held.unshift(list);
        held.length = Math.min(held.length, HELD_MAX);
      }
      list.usedMs = now();
      const { number, ids } = list;
      return { number, ids, from: (after ? Math.max(0, after.id) : 0) + offset };
    },
  };
}

const NOTHING: Page = { bytes: new Uint8Array(), rows: 0, next: null };

/** Texts by their characters' codes, as the database compares them. */
function compareKeys(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A page's calls, as they are asked for. */
export async function askPlaced(
  lanes: Lanes,
  lane: 'interactive' | 'bulk',
  ids: Float64Array,
  request: object,
): Promise<{ readonly page: Page; readonly ms: number }> {
  const argument = {
    ...request,
    order: 'asc',
    after: null,
    limit: ids.length,
    scan: ids.length,
    ids: ids.join(','),
    placed: true,
  };
  const { value, ms } = await lanes.ask(lane, { operation: 'callPage', argument });
  return { page: value as Page, ms };
}
