/**
 * Long questions to the store, asked in steps so small that nobody waits behind one: the pages of a listing, counts and
 * sums. How many rows a step looks at follows the time that the one before it took.
 */
import type {
  CallFilter,
  Candidates,
  Count,
  Cursor,
  Dimension,
  Field,
  Format,
  Hits,
  Page,
  RecordingFilter,
  SortColumn,
  SortKeys,
  SumsStep,
  TotalsStep,
  TruthFilter,
  TruthTally,
} from './filter.ts';
import { HitList, slicesOf } from './hits.ts';
import type { Lanes } from './lanes.ts';
import { letGo } from './let-go.ts';
import { createLongListings } from './long-listings.ts';
import { byIndex } from './model/number-search.ts';
import { askPlaced, createSorted } from './sorted.ts';
import type { Operation } from './store.ts';
import { isSummed } from './summed.ts';

/** Aim of one step of a listing, ms; none may hold the store for over 20 ms. */
const STEP_AIM_MS = 10;
/** Rows looked at in a step: it starts in the middle and follows the measured time. */
const SCAN = { first: 500, min: 50, max: 5_000 };
/** The same of a step that only counts: of no row more is made, so none costs much more than another. */
const COUNTED_MAX = 20_000;
/** Rows of a step between two marks, which a page has to pass over behind the nearest; and of one whose keys are read here. */
const MARKED_MAX = 2_500;
/** Rows of a step that finds each of them by its id, all over the file. */
const PLACED_MAX = 1_000;
/** Aim of a page's size, bytes: larger ones cost memory for every client, smaller ones a message each. */
const PAGE_BYTES = 262_144;

/** Listings at a time that hold what the search index found for them, some 3 MB each; a further one looks at every call. */
const HIT_LISTS_MAX = 4;

/** What a listing can be asked for: its page and count operations and its filter. */
export interface Listings {
  call: CallFilter;
  recording: RecordingFilter;
  truth: TruthFilter;
}

export interface Listing<Filter> {
  readonly filter: Filter;
  readonly fields: readonly Field[];
  /** How rows are written; absent: JSON. */
  readonly format?: Format;
  readonly order: 'asc' | 'desc';
  /** What the rows are put in order by; absent: by what the listing runs along. Of calls only. */
  readonly sort?: SortColumn | undefined;
  /** Where an earlier answer ended. */
  readonly after?: Cursor | null;
  /** Rows to pass over first. */
  readonly offset?: number;
  /** Rows wanted; absent: all. */
  readonly limit?: number;
}

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
   * so that a listing can be begun there. null where the index of numbers finds them, and has no order.
   */
  marks(filter: CallFilter, order: 'asc' | 'desc'): AsyncGenerator<Count>;
  /** Sums over calls likewise: the sum of all steps is the total. */
  totals(filter: CallFilter, by: readonly Dimension[]): AsyncGenerator<TotalsStep>;
  /** Counts findings of the truth report by code, likewise. */
  tally(filter: TruthFilter): AsyncGenerator<TruthTally>;
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
          : searched(
              kind,
              listing.filter,
              (ids) => foundPages(lanes, ids, listing as Listing<CallFilter>),
              () => scannedPages(lanes, kind, listing),
            ),
        listing.limit ?? Number.POSITIVE_INFINITY,
      ),
    count(kind, filter) {
      const look = (filter: object) => looked<Count>(kind, `${kind}Count`, filter);
      if (kind !== 'call' || !isSummed(filter as CallFilter)) return look(filter);
      return summed(filter as CallFilter, [], look, ({ groups, next }) => ({ rows: groups[0]?.[2].count ?? 0, next }));
    },
    tally: (filter) => steps<TruthTally>(lanes, 'truthTally', null, () => ({ filter })),
    marks: (filter, order) => looked<Count>('call', 'callCount', filter, { order }, MARKED_MAX),
    totals(filter, by) {
      const look = (filter: object) => looked<TotalsStep>('call', 'callTotals', filter, { by });
      return isSummed(filter, by) ? summed(filter, by, look, (step) => step) : look(filter);
    },
  };

  /** Whole days by their sums, then the range's edges by looking at their calls. */
  async function* summed<Step>(
    filter: CallFilter,
    by: readonly Dimension[],
    look: (filter: CallFilter) => AsyncGenerator<Step>,
    ofSums: (step: SumsStep) => Step,
  ): AsyncGenerator<Step> {
    const edges: CallFilter[] = [];
    for await (const step of steps<SumsStep>(lanes, 'callSums', null, () => ({ filter, by }))) {
      edges.push(...step.edges);
      yield ofSums(step);
    }
    for (const edge of edges) yield* look(edge);
  }

  /** Pages of the list that the listing's order is. */
  async function* sortedPages(listing: Listing<CallFilter>, sort: SortColumn): AsyncGenerator<Page> {
    const { filter, fields, format, order, after, offset, limit } = filledIn(listing);
    const keys = () => looked<SortKeys>('call', 'callSortKeys', filter, { sort }, MARKED_MAX);
    const { number, ids, from } = yield* sorted.list({ filter, sort, order, after, offset }, keys);
    const pace = createPace(Math.min(SCAN.max, PLACED_MAX));
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

  /** By what the search index finds, where it serves and not too many hold such a list already. */
  async function* searched<Step>(
    kind: keyof Listings,
    filter: object,
    found: (ids: string) => AsyncGenerator<Step>,
    scanned: () => AsyncGenerator<Step>,
  ): AsyncGenerator<Step> {
    if (!servesSearch(kind, filter) || hitLists >= HIT_LISTS_MAX) return yield* scanned();
    hitLists += 1;
    try {
      const ids = await candidatesOf(lanes, filter);
      if (ids !== null) return yield* found(ids);
    } finally {
      hitLists -= 1;
    }
    yield* scanned();
  }

  /** Steps that look at a filter's rows in any order. */
  function looked<Step extends { readonly next: Cursor | null }>(
    kind: keyof Listings,
    operation: Operation,
    filter: object,
    more: object = {},
    most?: number,
  ): AsyncGenerator<Step> {
    return searched(
      kind,
      filter,
      (ids) => slices<Step>(lanes, ids, operation, filter, more),
      () => steps<Step>(lanes, operation, null, () => ({ filter, ...more }), most),
    );
  }
}

function servesSearch(kind: keyof Listings, filter: object): boolean {
  const { src, dst, number, since } = filter as CallFilter;
  return kind === 'call' && byIndex([src, dst, number], since);
}

/** What the search index says may match, ids joined by commas; null where the calls are looked at in order. */
async function candidatesOf(lanes: Lanes, filter: object): Promise<string | null> {
  const found: string[] = [];
  let known = 0;
  let after: number | null = 0;
  while (after !== null) {
    const lane = known === 0 ? 'interactive' : 'bulk';
    const answer = await lanes.ask(lane, { operation: 'callCandidates', argument: { filter, after, known } });
    const step = answer.value as Candidates | null;
    if (!step) return null;
    if (step.count > 0) found.push(step.ids);
    known += step.count;
    after = step.last;
  }
  return found.join(',');
}

/**
 * Pages one after another: while one is written the next is made, and no more than that. A page's memory is freed when
 * the one behind it is asked for.
 * @param next Asks for the page behind the last one; null: there is none.
 */
async function* oneAhead(next: (last: Page | null) => Promise<Page> | null): AsyncGenerator<Page> {
  let ahead = next(null);
  try {
    while (ahead) {
      const page: Page = await ahead;
      ahead = next(page);
      ahead?.catch(() => {}); // told when it is asked for
      yield page;
      letGo(page.bytes);
    }
  } finally {
    ahead?.then(({ bytes }) => letGo(bytes)).catch(() => {});
  }
}

function filledIn<Filter>(listing: Listing<Filter>): Required<Listing<Filter>> {
  return { format: 'json', sort: undefined, after: null, offset: 0, limit: Number.POSITIVE_INFINITY, ...listing };
}

/** Pages along an index. */
function scannedPages(lanes: Lanes, kind: keyof Listings, listing: Listing<object>): AsyncGenerator<Page> {
  const { filter, fields, format, order, after, offset, limit } = filledIn(listing);
  const pace = createPace();
  let skip = offset;
  let left = limit;
  // The first comes before whatever is long already, the others give way to everybody.
  const ask = async (lane: 'interactive' | 'bulk', cursor: Cursor | null): Promise<Page> => {
    const passed = skip > 0; // what is passed over needs no fields
    const { scan } = pace;
    const shown = passed ? { fields: [], format: 'json' as const } : { fields, format };
    const argument = { filter, ...shown, order, limit: Math.min(passed ? skip : left, scan), scan, after: cursor };
    const { value, ms } = await lanes.ask(lane, { operation: `${kind}Page`, argument });
    const page = value as Page;
    pace.took(ms, page.bytes.length);
    if (!passed) {
      left -= page.rows;
      return page;
    }
    skip -= page.rows;
    letGo(page.bytes);
    return { bytes: new Uint8Array(), rows: 0, next: page.next };
  };
  return oneAhead((last) => {
    if (!last) return ask('interactive', after);
    return last.next && left > 0 ? ask('bulk', last.next) : null;
  });
}

/** Pages of what the search index found: first which of it matches, then the rows wanted. */
async function* foundPages(lanes: Lanes, ids: string, listing: Listing<CallFilter>): AsyncGenerator<Page> {
  const { filter, fields, format, order, after, offset, limit } = filledIn(listing);
  const list = new HitList();
  const nothing = { bytes: new Uint8Array(), rows: 0, next: null };
  for await (const hits of slices<Hits>(lanes, ids, 'callHits', filter)) {
    list.add(hits.text);
    yield nothing;
  }
  const total = list.size;
  const hits = list.ordered(order, after).slice(offset);
  const pace = createPace();
  let left = limit;
  let at = 0;
  const ask = async (): Promise<Page> => {
    const part = hits.slice(at, at + Math.min(left, pace.scan));
    at += part.length;
    const request = { filter, fields, format, order, after: null, limit: part.length, scan: part.length };
    const argument = { ...request, ids: part.map(({ id }) => id).join(',') };
    const { value, ms } = await lanes.ask('bulk', { operation: 'callPage', argument });
    const page = value as Page;
    left -= page.rows;
    pace.took(ms, page.bytes.length);
    return { ...page, next: at < hits.length ? (part.at(-1) ?? null) : null, total };
  };
  yield* oneAhead((last) => (!last || (left > 0 && at < hits.length) ? ask() : null));
}

/** Steps through candidates. */
async function* slices<Step>(
  lanes: Lanes,
  ids: string,
  operation: Operation,
  filter: object,
  more: object = {},
): AsyncGenerator<Step> {
  const pace = createPace();
  for (const left = slicesOf(ids); !left.done; ) {
    const argument = { filter, ...more, after: null, scan: pace.scan, ids: left.next(pace.scan) };
    const { value, ms } = await lanes.ask('bulk', { operation, argument });
    pace.took(ms);
    yield value as Step;
  }
}

/** How many rows the next step looks at, by how long the last one took and how much it gave. */
function createPace(max = SCAN.max) {
  let scan = SCAN.first;
  return {
    get scan() {
      return scan;
    },
    took(ms: number, bytes = 0) {
      const factor = Math.min(4, STEP_AIM_MS / Math.max(ms, 0.1), PAGE_BYTES / Math.max(bytes, 1));
      scan = Math.round(Math.max(SCAN.min, Math.min(max, scan * factor)));
    },
  };
}

/** Walks along an index in steps: the first comes before whatever is long already, the others give way to everybody. */
async function* steps<Step extends { readonly next: Cursor | null }>(
  lanes: Lanes,
  operation: Operation,
  from: Cursor | null,
  request: (scan: number) => object,
  most = operation.endsWith('Count') ? COUNTED_MAX : SCAN.max,
): AsyncGenerator<Step> {
  const pace = createPace(most);
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
