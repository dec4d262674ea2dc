/** The truth report in counts: every code with how many there are, none too, so that who watches it needs no list of codes. */
import type { StoreClient } from '../../storage/client.ts';
import type { Bounds, TruthFilter } from '../../storage/filter.ts';
import { codesOf, FINDINGS, type TruthKind } from '../../storage/model/truth.ts';
import { csvLine } from '../csv.ts';
import type { CsvOptions } from '../csv-listing.ts';
import type { DateRange } from '../range.ts';
import type { Reply } from '../reply.ts';

/** What is counted in one walk: the kinds of a row run along the same rows. */
const WALKS: readonly (readonly TruthKind[])[] = [
  ['missing', 'unknown', 'explained'],
  ['nocall'],
  ['broken'],
  ['match'],
];

const COLUMNS = ['kind', 'code', 'sure', 'count', 'reason'] as const;

/** The filters that together count every code once. */
export function tallies(within: Pick<TruthFilter, 'start' | 'wall'>): TruthFilter[] {
  return WALKS.map((kinds) => ({ kind: kinds[0] as TruthKind, codes: kinds.flatMap(codesOf), ...within }));
}

export function summary(
  store: StoreClient,
  within: { readonly start: Bounds; readonly wall: Bounds },
  { startdate, enddate }: DateRange,
  { format, bom = false, delimiter }: CsvOptions & { readonly format?: 'json' | 'csv' | undefined },
): Reply {
  async function* text(): AsyncGenerator<string> {
    const counts = new Map<string, number>();
    for (const filter of tallies(within))
      for await (const { codes } of store.tally(filter)) {
        for (const [code, count] of codes) counts.set(code, (counts.get(code) ?? 0) + count);
        yield ''; // it goes on
      }
    const rows = Object.entries(FINDINGS).map(([code, { kind, sure, reason }]) => ({
      kind,
      code,
      sure,
      count: counts.get(code) ?? 0,
      reason,
    }));
    if (format === 'csv') {
      yield (bom ? '\ufeff' : '') + csvLine(COLUMNS, delimiter);
      for (const row of rows)
        yield csvLine(
          COLUMNS.map((column) => String(row[column])),
          delimiter,
        );
      return;
    }
    const totalcount = rows.reduce((sum, { count }) => sum + count, 0);
    yield JSON.stringify({ json_array_truth: rows, json_obj_filter: { startdate, enddate, totalcount } });
  }
  return { kind: 'rows', text: text(), ...(format === 'csv' && { type: 'text/csv; charset=utf-8' }) };
}
