/** What the sums by day (sql/sums.ts) can answer, and what the index of starts can: neither asks for a row of a call. */
import type { CallFilter, Dimension } from './filter.ts';

/** What the sums by day know of a call. */
const SUMMED: ReadonlySet<keyof CallFilter> = new Set(['start', 'dispositions', 'callTypes', 'port', 'trunks']);
const SUMMED_BY: ReadonlySet<Dimension> = new Set(['day', 'disposition', 'direction', 'trunk', 'port']);

/** What the index of starts (migration 0019) holds of a call besides. */
const HELD: ReadonlySet<keyof CallFilter> = new Set([...SUMMED, 'startOffset', 'billsec', 'duration', 'lasted']);
const HELD_BY: ReadonlySet<Dimension> = new Set([...SUMMED_BY, 'hour']);

/** Whether the sums by day can tell what a filter matches. */
export const isSummed = (filter: CallFilter, by: readonly Dimension[] = []) =>
  asksNoMore(filter, by, SUMMED, SUMMED_BY);

/** Whether the index of starts can. */
export const isHeld = (filter: CallFilter, by: readonly Dimension[] = []) => asksNoMore(filter, by, HELD, HELD_BY);

/** Bounds that are open ask for nothing. */
function asksNoMore(
  filter: CallFilter,
  by: readonly Dimension[],
  known: ReadonlySet<keyof CallFilter>,
  knownBy: ReadonlySet<Dimension>,
): boolean {
  const asks = (value: unknown) =>
    value !== undefined && (typeof value !== 'object' || Array.isArray(value) || Object.keys(value ?? {}).length > 0);
  return (
    by.every((dimension) => knownBy.has(dimension)) &&
    Object.entries(filter).every(([name, value]) => known.has(name as keyof CallFilter) || !asks(value))
  );
}
