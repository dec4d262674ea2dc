/**
 * Long questions to the store, asked in steps so small that nobody waits behind one: the pages of a listing, counts and
 * sums. How many rows a step looks at follows the time that the one before it took.
 */
import type {
  CallFilter,
  Count,
  Cursor,
  Dimension,
  Page,
  SortColumn,
  SortKeys,
  SumsStep,
  TotalsStep,
  TruthFilter,
  TruthTally,
} from './filter.ts';
import { HitList } from './hits.ts';
import type { Lanes } from './lanes.ts';
import { type LegListing, type LegPage, legPages } from './leg-walk.ts';
import { letGo } from './let-go.ts';
import {
  askPage,
  filledIn,
  firstScan,
  foundPages,
  type Listing,
  type Listings,
  oneAhead,
  SCAN,
  scannedPages,
} from './listing-pages.ts';
import { createLongListings } from './long-listings.ts';
import { candidates, finished, gather, searchesOf, searchSteps, slices, verify } from './number-walks.ts';
import { createPace } from './pace.ts';
import { askPlaced, createSorted } from './sorted.ts';
import type { Operation } from './store.ts';
import { isHeld, isSummed } from './summed.ts';

/** Rows looked at in a step that only counts: of no row more is made, so none costs much more than another. */
const COUNTED_MAX = 20_000;
/** Rows of a step between two marks, which a page has to pass over behind the nearest; and of one whose keys are read here. */
const MARKED_MAX = 2_500;
/** With so few calls marks are not worth a walk along all: to pass over them is quick. */
const UNMARKED_MAX = 20_000;
/** Rows of a step that finds each of them by its id, all over the file. */
const PLACED_MAX = 1_000;

/** A first step of fewer rows says little, and reading its many patterns takes 60 ms. */
const PROBE_MIN = 200;
/** Where one call in so many matches, a listing looks at each in order. */
const OFTEN = 8;
/** Rows wanted, with those to pass over, of which a search keeps no more than it shows. */
const KEPT_MAX = 5_000;
/** Searches at a time that hold all they found, some 4 MB each; a further one looks at every call. */
const HIT_LISTS_MAX = 4;

/** Steps of a search that has told nothing yet. */
const STILL_SEARCHED = {
  callCount: { rows: 0, next: null } satisfies Count,
  callTotals: { groups: [], next: null } satisfies TotalsStep,
  callSortKeys: { pairs: '[]', next: null } satisfies SortKeys,
};

export type { Listing, Listings };

/** Each gives a step's answer after another; the store stops where nobody asks for the next. */
export interface Walks {
  /**
   * The pages of a listing, one a step; a step that found nothing gives an empty one. The store works on the next while
   * the caller has one, and on no more: who asks for none has it stop there. A page is good until the next is asked for.
   * Rejects with `busy` in the place of the first rows when too many listings of several pages are being read.
   */
  pages<Kind extends keyof Listings>(kind: Kind, listing: Listing<Listings[Kind]>): AsyncGenerator<Page>;
  /** Counts likewise: the sum of all steps is how many match. */
  count<Kind extends keyof Listings>(kind: Kind, filter: Listings[Kind]): AsyncGenerator<Count>;
  /**
   * Counts calls in small steps along a listing's order: each step's `next` is the cursor behind what was counted so far,
   * so that a listing can be begun there. null where a search finds few of them, and has no order.
   */
  marks(filter: CallFilter, order: 'asc' | 'desc'): AsyncGenerator<Count>;
  /** Sums over calls likewise: the sum of all steps is the total. */
  totals(filter: CallFilter, by: readonly Dimension[]): AsyncGenerator<TotalsStep>;
  /**
   * Asterisk's own records, newest first, likewise: pages of a hundred at most, an empty one where a step gave none yet.
   */
  legs(listing: LegListing): AsyncGenerator<LegPage>;
  /** Counts findings of the truth report by code, likewise. */
  tally(filter: TruthFilter): AsyncGenerator<TruthTally>;
}

/** How whole days are summed up at once; null: their calls must be looked at. */
function summedBy(filter: CallFilter, by: readonly Dimension[]): 'callSums' | 'callDays' | null {
  if (isSummed(filter, by)) return 'callSums';
  return filter.startOffset === undefined && isHeld(filter, by) ? 'callDays' : null;
}

/** Walks over any lanes. */
export function createWalks(lanes: Lanes): Walks {
  let hitLists = 0;
  const longListings = createLongListings();
  const sorted = createSorted();
  return {
    pages: (kind, listing) =>
      longListings.bound(
        listing.sort !== undefined
          ? sortedPages(listing as Listing<CallFilter>, listing.sort)
          : kind === 'call' && searchesOf(listing.filter as CallFilter, true).length > 0
            ? searchedPages(listing as Listing<CallFilter>)
            : scannedPages(lanes, kind, listing),
        listing.limit ?? Number.POSITIVE_INFINITY,
      ),
    legs: (listing) => longListings.bound(legPages(lanes, listing), listing.limit),
    count(kind, filter) {
      if (kind !== 'call') return stepsOf<Count>(`${kind}Count`, filter);
      const look = (part: CallFilter) => countedCalls(part);
      const way = summedBy(filter as CallFilter, []);
      if (!way) return look(filter as CallFilter);
      const rowsOf = ({ groups }: SumsStep) => groups.reduce((rows, [, , { count }]) => rows + count, 0);
      return summed(way, filter as CallFilter, [], look, (step) => ({ rows: rowsOf(step), next: step.next }));
    },
    tally: (filter) => steps<TruthTally>(lanes, 'truthTally', null, () => ({ filter })),
    marks,
    totals(filter, by) {
      const look = (part: CallFilter) => looked<TotalsStep>('callTotals', part, { by });
      const way = summedBy(filter, by);
      return way ? summed(way, filter, by, look, (step) => step) : look(filter);
    },
  };

  /** Whole days at once, then what isn't told so (the range's edges, very busy days) by looking at its calls. */
  async function* summed<Step>(
    way: 'callSums' | 'callDays',
    filter: CallFilter,
    by: readonly Dimension[],
    look: (filter: CallFilter) => AsyncGenerator<Step>,
    ofSums: (step: SumsStep) => Step,
  ): AsyncGenerator<Step> {
    const edges: CallFilter[] = [];
    const most = way === 'callDays' ? COUNTED_MAX : SCAN.max;
    for await (const step of steps<SumsStep>(lanes, way, null, () => ({ filter, by }), most)) {
      edges.push(...step.edges);
      yield ofSums(step);
    }
    for (const edge of edges) yield* look(edge);
  }

  /** Pages of the list that the listing's order is. */
  async function* sortedPages(listing: Listing<CallFilter>, sort: SortColumn): AsyncGenerator<Page> {
    const { filter, fields, format, order, after, offset, limit } = filledIn(listing);
    const keys = () => looked<SortKeys>('callSortKeys', filter, { sort }, MARKED_MAX);
    const { number, ids, from } = yield* sorted.list({ filter, sort, order, after, offset }, keys);
    const pace = createPace({ ...SCAN, max: PLACED_MAX });
    const end = Math.min(ids.length, from + limit);
    let at = Math.min(from, ids.length);
    const ask = async (lane: 'interactive' | 'bulk'): Promise<Page> => {
      const part = ids.subarray(at, Math.min(end, at + pace.scan));
      at += part.length;
      const { page, ms } = await askPlaced(lanes, lane, part, { filter, fields, format });
      pace.took(ms, page.bytes.length);
      return { ...page, next: at < ids.length ? { key: number, id: at } : null, total: ids.length };
    };
    yield* oneAhead((last) => (!last ? ask('interactive') : at < end ? ask('bulk') : null));
  }

  /** Pages of the calls that a search finds, but where looking at each call is quicker. */
  async function* searchedPages(listing: Listing<CallFilter>): AsyncGenerator<Page> {
    let rest = filledIn(listing);
    // A first step along the starts: what matches often has filled its page by then, and need not be searched.
    const scan = firstScan(rest.filter);
    if (rest.offset === 0 && scan >= PROBE_MIN) {
      const page = await askPage(lanes, 'interactive', 'call', { ...rest, limit: Math.min(rest.limit, scan), scan });
      yield page.value;
      letGo(page.value.bytes);
      rest = { ...rest, after: page.value.next, limit: rest.limit - page.value.rows };
      if (!rest.after || rest.limit <= 0) return;
      if (page.value.rows * OFTEN >= scan) return yield* scannedPages(lanes, 'call', rest);
    }
    const hits = yield* found(rest);
    yield* hits ? foundPages(lanes, hits, rest) : scannedPages(lanes, 'call', rest);
  }

  /** The calls of a listing in their order; null: each call is to be looked at. */
  async function* found(listing: Required<Listing<CallFilter>>): AsyncGenerator<Page, HitList | null> {
    const { filter, order, after, offset, limit } = listing;
    const wanted = { order, after, most: offset + limit + 1 }; // one more: it tells whether the listing goes on
    const searches = searchesOf(filter, true);
    const exact = searches.find((search) => search.exact);
    const list = new HitList({ ...wanted, twice: exact?.twice ?? false });
    if (exact && wanted.most <= KEPT_MAX) return (yield* gather(lanes, exact, list)) ? list : null;
    if (hitLists >= HIT_LISTS_MAX) return null;
    hitLists += 1;
    try {
      if (exact) return (yield* gather(lanes, exact, list)) ? list : null;
      const calls = yield* candidates(lanes, searches);
      if (calls === null) return null;
      yield* verify(lanes, calls, filter, list);
      return list;
    } finally {
      hitLists -= 1;
    }
  }

  /** Counts calls; of those that a search finds none is looked at. */
  async function* countedCalls(filter: CallFilter): AsyncGenerator<Count> {
    const search = searchesOf(filter, false).find(({ exact }) => exact);
    if (!search) return yield* looked<Count>('callCount', filter);
    if (!search.twice) {
      for await (const step of searchSteps(lanes, search, null)) {
        if (!step) return yield* stepsOf<Count>('callCount', filter);
        yield { rows: step.rows, next: null };
      }
      return;
    }
    const list = new HitList({ order: 'asc', after: null, most: 0, twice: true });
    if (await finished(gather(lanes, search, list))) yield { rows: list.total, next: null };
    else yield* stepsOf<Count>('callCount', filter);
  }

  async function* marks(filter: CallFilter, order: 'asc' | 'desc'): AsyncGenerator<Count> {
    let rows = searchesOf(filter, true).length > 0 ? 0 : Number.POSITIVE_INFINITY;
    if (rows === 0)
      for await (const step of countedCalls(filter)) {
        rows += step.rows;
        yield { rows: 0, next: null };
        if (rows > UNMARKED_MAX) break;
      }
    if (rows <= UNMARKED_MAX) yield { rows, next: null };
    else yield* stepsOf<Count>('callCount', filter, { order }, MARKED_MAX);
  }

  /** Steps that look at a filter's rows in any order. */
  async function* looked<Step extends { readonly next: Cursor | null }>(
    operation: 'callCount' | 'callTotals' | 'callSortKeys',
    filter: CallFilter,
    more: { readonly by?: readonly Dimension[]; readonly sort?: SortColumn } = {},
    most?: number,
  ): AsyncGenerator<Step> {
    const searches = searchesOf(filter, true);
    if (searches.length > 0 && hitLists < HIT_LISTS_MAX) {
      hitLists += 1;
      try {
        const search = candidates(lanes, searches);
        let found = await search.next();
        // So that whoever asks can stop here, too: the search may take longer than all behind it.
        for (; !found.done; found = await search.next()) yield STILL_SEARCHED[operation] as unknown as Step;
        const calls = found.value;
        const isKnown = operation === 'callTotals' && searches.every(({ exact }) => exact);
        const as = isKnown && isHeld({ start: filter.start }, more.by) ? 'starts' : 'ids';
        if (calls !== null) return yield* slices<Step>(lanes, calls, operation, filter, more, as);
      } finally {
        hitLists -= 1;
      }
    }
    if (operation === 'callSortKeys') return yield* stepsOf<Step>(operation, filter, more, most);
    // The index of starts is the shorter way wherever no row is asked for.
    const { value: byId } = isHeld(filter, more.by)
      ? { value: false }
      : await lanes.ask('interactive', { operation: 'isMostCalls', argument: filter });
    yield* stepsOf<Step>(operation, filter, { ...more, byId }, most);
  }

  function stepsOf<Step extends { readonly next: Cursor | null }>(
    operation: Operation,
    filter: object,
    more: object = {},
    most?: number,
  ): AsyncGenerator<Step> {
    return steps<Step>(lanes, operation, null, () => ({ filter, ...more }), most, firstScan(filter));
  }
}

/** Walks along an index in steps: the first comes before whatever is long already, the others give way to everybody. */
async function* steps<Step extends { readonly next: Cursor | null }>(
  lanes: Lanes,
  operation: Operation,
  from: Cursor | null,
  request: (scan: number) => object,
  most = operation.endsWith('Count') ? COUNTED_MAX : SCAN.max,
  first = SCAN.first,
): AsyncGenerator<Step> {
  const pace = createPace({ first, min: Math.min(first, SCAN.min), max: most });
  let after = from;
  let lane: 'interactive' | 'bulk' = 'interactive';
  do {
    const { value, ms } = await lanes.ask(lane, {
      operation,
      argument: { ...request(pace.scan), scan: pace.scan, after },
    });
    const step = value as Step;
    yield step;
    after = step.next;
    pace.took(ms);
    lane = 'bulk';
  } while (after);
}
