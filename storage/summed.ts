/** What the sums by day (sql/sums.ts) can answer. */
import type { CallFilter, Dimension } from './filter.ts';

/** What the sums by day know of a call. */
const SUMMED: ReadonlySet<keyof CallFilter> = new Set(['start', 'dispositions', 'callTypes', 'port', 'trunks']);
const SUMMED_BY: ReadonlySet<Dimension> = new Set(['day', 'disposition', 'direction', 'trunk', 'port']);

/** Whether the sums by day can tell what a filter matches. Bounds that are open ask for nothing. */
export function isSummed(filter: CallFilter, by: readonly Dimension[] = []): boolean {
  const asks = (value: unknown) =>
    value !== undefined && (typeof value !== 'object' || Array.isArray(value) || Object.keys(value ?? {}).length > 0);
  return (
    by.every((dimension) => SUMMED_BY.has(dimension)) &&
    Object.entries(filter).every(([name, value]) => SUMMED.has(name as keyof CallFilter) || !asks(value))
  );
}
