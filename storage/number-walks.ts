/**
 * Searches inside numbers, in steps: the known numbers are gone through, the calls of those that match are counted, and of
 * as many as an answer shows their names are kept on the way. A filter that asks for more than numbers has these calls held
 * against it. Where very many match, or the filter's dates hold few calls, looking at each call in order is quicker: then
 * nothing is said, and the asker does that.
 */
import type { CallFilter, Cursor, Hits, NumberSide, NumbersStep, Page } from './filter.ts';
import { HitList, slicesOf } from './hits.ts';
import type { Lanes } from './lanes.ts';
import { type NumberSearch, numberSearch } from './model/number-search.ts';
import { createPace } from './pace.ts';

/** Calls held for one search, some 4 MB: with more, looking at every call isn't much dearer. */
export const HITS_MAX = 50_000;
/** Numbers looked at in a step: few in the first, so that soon only names are told that are newer than those known. */
const NUMBERS = { first: 1_000, min: 20, max: 60_000 };
/** Calls counted in a step, 10 ms: whoever has that many numbers that match stand side by side, or a number with so many. */
const CALLS = { first: 30_000, min: 500, max: 30_000 };
/** Names cost three times as much; the first few of a listing say which of the others are wanted. */
const NAMES = { first: 2_000, min: 200, max: 10_000 };
/** The first step's are shared out among the patterns: with 300 one number takes 50 µs. */
const COMPARISONS_FIRST = 20_000;

const SIDES: Readonly<Record<NumberSearch['of'], readonly NumberSide[]>> = {
  src: ['src'],
  dst: ['called', 'answered'],
  number: ['src', 'called', 'answered'],
};

/** What is looked for, and in which calls. */
export interface Search {
  readonly sides: readonly NumberSide[];
  readonly patterns: NumberSearch['patterns'];
  readonly start: CallFilter['start'];
  /** Its calls are those that the filter means. */
  readonly exact: boolean;
  /** It looks for one number. */
  readonly one: boolean;
  /** It may find a call on several sides. */
  readonly twice: boolean;
}

/**
 * The searches of which any finds the calls of a filter; none: it has no numbers that can be looked for.
 * @param inOrder The calls are wanted in their order: those of one number stand in it, and need no search.
 */
export function searchesOf(filter: CallFilter, inOrder: boolean): readonly Search[] {
  // What changed is told in the order of its changes and with what has gone: of neither do numbers know.
  if (filter.since !== undefined) return [];
  const searches = (['src', 'dst', 'number'] as const).flatMap((of) => {
    const search = numberSearch(of, filter[of]);
    if (!search) return [];
    const exact = search.exact && asksNothingBut(filter, of);
    // One who calls himself is found on both sides; who is called and who answers are never the same.
    const twice = of === 'number' || (of === 'dst' && !search.one);
    return [{ sides: SIDES[of], patterns: search.patterns, start: filter.start, exact, twice, one: search.one }];
  });
  return searches.some(({ one, exact }) => one && (inOrder || !exact)) ? [] : searches;
}

function asksNothingBut(filter: CallFilter, of: NumberSearch['of']): boolean {
  const { start: _, [of]: __, billsec = {}, duration = {}, ...rest } = filter;
  return Object.values({ ...billsec, ...duration, ...rest }).every((value) => value === undefined);
}

/** The steps of a search; null in the place of the first: its dates hold few calls. @param list What names are told for; null: none. */
export async function* searchSteps(
  lanes: Lanes,
  { sides, patterns, start }: Search,
  list: HitList | null,
): AsyncGenerator<NumbersStep | null> {
  const first = Math.min(NUMBERS.first, Math.max(NUMBERS.min, Math.round(COMPARISONS_FIRST / patterns.length)));
  let lane: 'interactive' | 'bulk' = 'interactive';
  const [counted, named] = [createPace(CALLS), createPace(NAMES)];
  for (const side of sides) {
    const pace = createPace({ ...NUMBERS, first });
    let after: NumbersStep['next'] = null;
    do {
      const calls = !list || list.isNarrow ? counted : named;
      const most = calls.scan;
      const argument = { side, patterns, start, after, scan: pace.scan, most, named: list ? list.named : null };
      const { value, ms } = await lanes.ask(lane, { operation: 'callNumbers', argument });
      const step = value as NumbersStep | null;
      yield step;
      if (!step) return;
      // It was the numbers that took the time, or their calls.
      if (step.rows < most) pace.took(ms);
      else calls.took(ms);
      after = step.next;
      lane = 'bulk';
    } while (after);
  }
}

const NOTHING: Page = { bytes: new Uint8Array(), rows: 0, next: null };

/** Gathers a search's calls. Gives empty pages meanwhile, and whether it has them all; false: look at each call. */
export async function* gather(lanes: Lanes, search: Search, list: HitList): AsyncGenerator<Page, boolean> {
  for await (const step of searchSteps(lanes, search, list)) {
    if (!step) return false;
    list.add(step.text, step.rows);
    if (list.size > HITS_MAX) return false;
    yield NOTHING;
  }
  return true;
}

/** Every call that a search names for a filter; null: look at each call. */
export async function* candidates(
  lanes: Lanes,
  searches: readonly Search[],
): AsyncGenerator<Page, readonly Cursor[] | null> {
  for (const search of searches) {
    const all = { order: 'asc', after: null, most: Number.POSITIVE_INFINITY } as const;
    const list = new HitList({ ...all, twice: search.twice });
    if (!(yield* gather(lanes, search, list))) continue;
    return list.ordered();
  }
  return null;
}

/** Of these candidates, those that the filter means go into the list. */
export async function* verify(
  lanes: Lanes,
  found: readonly Cursor[],
  filter: CallFilter,
  list: HitList,
): AsyncGenerator<Page> {
  for await (const { text } of slices<Hits>(lanes, found, 'callHits', filter)) {
    list.add(text);
    yield NOTHING;
  }
}

/** Rows of a step that finds each of them by its id. */
const SLICE = { first: 500, min: 50, max: 5_000 };

/** Steps through candidates. @param as `starts`: of what the index of starts holds, the filter being fulfilled. */
export async function* slices<Step>(
  lanes: Lanes,
  found: readonly Cursor[],
  operation: 'callHits' | 'callCount' | 'callTotals' | 'callSortKeys',
  filter: object,
  more: object = {},
  as: 'ids' | 'starts' = 'ids',
): AsyncGenerator<Step> {
  const pace = createPace(SLICE);
  const names =
    as === 'ids'
      ? Float64Array.from(found, ({ id }) => id).sort() // as they lie in the file
      : found.map(({ key, id }) => `${key}.${id}`);
  for (const left = slicesOf(names.join(',')); !left.done; ) {
    const argument = { filter, ...more, after: null, scan: pace.scan, [as]: left.next(pace.scan) };
    const { value, ms } = await lanes.ask('bulk', { operation, argument });
    pace.took(ms);
    yield value as Step;
  }
}

/** Goes through what only tells that time goes on. */
export async function finished<Result>(steps: AsyncGenerator<unknown, Result>): Promise<Result> {
  for (;;) {
    const { done, value } = await steps.next();
    if (done) return value;
  }
}
