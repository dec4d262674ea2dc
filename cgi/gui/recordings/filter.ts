/** The filter of recordings (guide 2.1, table 1): as it stands in the address bar, in the words of 20053, and as that is asked. */
import type { Parameters } from '../api.ts';
import { datesAsked } from '../parts/period.ts';

/** Times aside. */
export const FILTERS = ['src', 'dst', 'trunk', 'calltype', 'minduration', 'maxduration', 'keep'] as const;
export type FilterName = (typeof FILTERS)[number];
/** What is asked for seldom: behind a word of its own. */
export const RARE: readonly FilterName[] = ['trunk', 'minduration', 'maxduration', 'keep'];
export const TIMES = ['period', 'startdate', 'enddate'] as const;

export const CALL_TYPES = ['Inbound', 'Outbound', 'Internal', 'CallBack', 'Conference'] as const;

/** Parameters of 20053. @param now The box's clock. */
export function asked(query: URLSearchParams, now: Date): Parameters {
  const filters = FILTERS.map((name) => [name, query.get(name)] as const).filter(([, value]) => value);
  return { ...datesAsked(query, now), ...Object.fromEntries(filters) };
}

/** The filter alone, of what stands in the address bar: what a saved view keeps. */
export function filterOf(query: URLSearchParams): string {
  const kept = new URLSearchParams();
  for (const name of [...TIMES, ...FILTERS]) {
    const value = query.get(name);
    if (value) kept.set(name, value);
  }
  return kept.toString();
}
