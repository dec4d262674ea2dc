/**
 * The pages of a listing of calls, recordings or findings: along an index, or of calls that a search has found. While one
 * is written the next is made, and no more than that.
 */
import type { CallFilter, Cursor, Field, Format, Page, RecordingFilter, SortColumn, TruthFilter } from './filter.ts';
import type { HitList } from './hits.ts';
import type { Lanes } from './lanes.ts';
import { letGo } from './let-go.ts';
import type { NumberPattern } from './model/number-pattern.ts';
import { createPace } from './pace.ts';

/** Rows looked at in a step: it starts in the middle and follows the measured time. */
export const SCAN = { first: 500, min: 50, max: 5_000 };
/** Patterns that one row is held against are few in most first steps: of very many each row takes 0.1 ms. */
const COMPARISONS_FIRST = 10_000;

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

/** Rows of the first step of a filter: the comparisons of one row may take as long as all else of a hundred. */
export function firstScan(filter: object): number {
  const { src, dst, number } = filter as CallFilter;
  const comparisons = (patterns: readonly NumberPattern[] = []) =>
    patterns.filter(({ kind }) => kind !== 'literal').length;
  const each = comparisons(src) + 2 * comparisons(dst) + 3 * comparisons(number);
  return Math.max(10, Math.min(SCAN.first, Math.round(COMPARISONS_FIRST / Math.max(1, each))));
}

/**
 * Pages one after another: while one is written the next is made, and no more than that. A page's memory is freed when
 * the one behind it is asked for.
 * @param next Asks for the page behind the last one; null: there is none.
 */
export async function* oneAhead(next: (last: Page | null) => Promise<Page> | null): AsyncGenerator<Page> {
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

export function filledIn<Filter>(listing: Listing<Filter>): Required<Listing<Filter>> {
  return { format: 'json', sort: undefined, after: null, offset: 0, limit: Number.POSITIVE_INFINITY, ...listing };
}

/** A page along an index. */
export async function askPage(
  lanes: Lanes,
  lane: 'interactive' | 'bulk',
  kind: keyof Listings,
  { filter, fields, format, order, after, limit, scan }: Required<Listing<object>> & { readonly scan: number },
): Promise<{ readonly value: Page; readonly ms: number }> {
  const argument = { filter, fields, format, order, limit, scan, after };
  const { value, ms } = await lanes.ask(lane, { operation: `${kind}Page`, argument });
  return { value: value as Page, ms };
}

/** Pages along an index. */
export function scannedPages(lanes: Lanes, kind: keyof Listings, listing: Listing<object>): AsyncGenerator<Page> {
  const whole = filledIn(listing);
  const pace = createPace({ ...SCAN, first: firstScan(listing.filter) });
  let skip = whole.offset;
  let left = whole.limit;
  // The first comes before whatever is long already, the others give way to everybody.
  const ask = async (lane: 'interactive' | 'bulk', after: Cursor | null): Promise<Page> => {
    const passed = skip > 0; // what is passed over needs no fields
    const { scan } = pace;
    const shown = passed ? ({ fields: [], format: 'json' } as const) : {};
    const limit = Math.min(passed ? skip : left, scan);
    const { value: page, ms } = await askPage(lanes, lane, kind, { ...whole, ...shown, limit, scan, after });
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
    if (!last) return ask('interactive', whole.after);
    return last.next && left > 0 ? ask('bulk', last.next) : null;
  });
}

/** Pages of calls that were found. */
export async function* foundPages(
  lanes: Lanes,
  list: HitList,
  { filter, fields, format, order, offset, limit }: Required<Listing<CallFilter>>,
): AsyncGenerator<Page> {
  const { total } = list;
  const hits = list.ordered().slice(offset);
  if (hits.length === 0) return yield { bytes: new Uint8Array(), rows: 0, next: null, total };
  const pace = createPace(SCAN);
  let left = limit;
  let at = 0;
  const ask = async (): Promise<Page> => {
    const part = hits.slice(at, at + Math.min(left, pace.scan));
    at += part.length;
    // They are known to match: hundreds of patterns take 50 ms to be read again.
    const matched = { start: filter.start };
    const request = { filter: matched, fields, format, order, after: null, limit: part.length, scan: part.length };
    const argument = { ...request, ids: part.map(({ id }) => id).join(',') };
    const { value, ms } = await lanes.ask('bulk', { operation: 'callPage', argument });
    const page = value as Page;
    left -= page.rows;
    pace.took(ms, page.bytes.length);
    return { ...page, next: at < hits.length ? (part.at(-1) ?? null) : null, total };
  };
  yield* oneAhead((last) => (!last || (left > 0 && at < hits.length) ? ask() : null));
}
