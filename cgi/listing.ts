/** A listing as the guide's clients read it: one array of rows, then `json_obj_filter` with the range and the total. */
import type { Listing, StoreClient } from '../storage/client.ts';
import type { CallFilter, Cursor, Field, RecordingFilter } from '../storage/filter.ts';
import type { DateRange } from './range.ts';
import type { Reply } from './reply.ts';

/** Which part of a listing is wanted; without any of it: everything, streamed. */
export interface Part {
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
  readonly cursor?: Cursor | undefined;
  readonly order?: 'asc' | 'desc' | undefined;
}

interface Filters {
  call: CallFilter;
  recording: RecordingFilter;
}

export function listing<Kind extends keyof Filters>(
  store: StoreClient,
  kind: Kind,
  array: string,
  fields: readonly Field[],
  filter: Filters[Kind],
  range: DateRange,
  { limit, offset = 0, cursor, order = 'desc' }: Part,
): Reply {
  const request: Listing<Filters[Kind]> = {
    filter,
    fields,
    order,
    after: cursor ?? null,
    offset,
    ...(limit !== undefined && { limit }),
  };
  async function* text(): AsyncGenerator<string> {
    let rows = 0;
    let next: Cursor | null = null;
    let found: number | undefined;
    let separator = `{${JSON.stringify(array)}:[`;
    for await (const page of store.pages(kind, request)) {
      rows += page.rows;
      next = page.next;
      found = page.total;
      yield page.rows > 0 ? separator + page.text : '';
      if (page.rows > 0) separator = ',';
    }
    if (rows === 0) yield separator;
    // Of all that matches, whatever part of it stands above: the very rows where the listing went from end to end.
    let total = 0;
    if (found !== undefined) total = found;
    else if (offset === 0 && !cursor && !next) total = rows;
    else
      for await (const step of store.count(kind, filter)) {
        total += step.rows;
        yield '';
      }
    const about = {
      startdate: range.startdate,
      enddate: range.enddate,
      totalcount: total,
      ...(next && { cursor: `${next.key}.${next.id}` }),
    };
    yield `],"json_obj_filter":${JSON.stringify(about)}}`;
  }

  return { kind: 'rows', text: text() };
}
