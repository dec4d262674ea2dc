/** A listing as the guide's clients read it: its rows, then what they are of: the range and the total. */
import type { StoreClient } from '../storage/client.ts';
import type { Cursor, Field, SortColumn } from '../storage/filter.ts';
import type { Listing, Listings } from '../storage/walks.ts';
import { type CsvOptions, csv } from './csv-listing.ts';
import type { DateRange } from './range.ts';
import type { Reply } from './reply.ts';
import { pagesOf } from './sort.ts';

/** Which part of a listing is wanted, and how it is written; without any of it: everything, streamed, as JSON. */
export interface Part extends CsvOptions {
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
  readonly cursor?: Cursor | undefined;
  readonly sort?: SortColumn | undefined;
  readonly order?: 'asc' | 'desc' | undefined;
  /** Without `totalcount`, for which everything that matches is looked at. */
  readonly nototal?: boolean | undefined;
  readonly format?: 'json' | 'csv' | 'xml' | undefined;
}

/** @param array What the array of rows is called. */
export function listing<Kind extends keyof Listings>(
  store: StoreClient,
  kind: Kind,
  array: string,
  fields: readonly Field[],
  filter: Listings[Kind],
  range: DateRange,
  { limit, offset = 0, cursor, sort, order = 'desc', nototal = false, format = 'json', ...csvOptions }: Part,
): Reply {
  const request: Omit<Listing<Listings[Kind]>, 'format'> = {
    filter,
    fields,
    order,
    sort,
    after: cursor ?? null,
    offset,
    ...(limit !== undefined && { limit }),
  };
  if (format === 'csv') return csv(store, kind, request, csvOptions);
  const written = format; // as the store is asked, whenever that will be
  const envelope = format === 'xml' ? xmlEnvelope(array) : jsonEnvelope(array);

  async function* text(): AsyncGenerator<string | Uint8Array> {
    let rows = 0;
    let next: Cursor | null = null;
    let found: number | undefined;
    let separator = envelope.begin;
    for await (const page of pagesOf(store, kind, { ...request, format: written })) {
      rows += page.rows;
      next = page.next;
      found = page.total;
      yield page.rows > 0 ? separator : '';
      yield page.bytes;
      if (page.rows > 0) separator = envelope.separator;
    }
    if (rows === 0) yield separator;
    // Of all that matches, whatever part of it stands above: the very rows where the listing went from end to end.
    let total: number | undefined = 0;
    if (nototal) total = undefined;
    else if (found !== undefined) total = found;
    else if (offset === 0 && !cursor && !next) total = rows;
    else
      for await (const step of store.count(kind, filter)) {
        total += step.rows;
        yield '';
      }
    const about = {
      startdate: range.startdate,
      enddate: range.enddate,
      ...(total !== undefined && { totalcount: total }),
      ...(next && { cursor: `${next.key}.${next.id}` }),
    };
    yield envelope.end(about);
  }

  return { kind: 'rows', text: text(), ...(envelope.type !== undefined && { type: envelope.type }) };
}

/** What stands around the rows. */
interface Envelope {
  readonly begin: string;
  readonly separator: string;
  readonly end: (about: Readonly<Record<string, string | number>>) => string;
  readonly type?: string;
}

function jsonEnvelope(array: string): Envelope {
  return {
    begin: `{${JSON.stringify(array)}:[`,
    separator: ',',
    end: (about) => `],"json_obj_filter":${JSON.stringify(about)}}`,
  };
}

/** The same as XML 1.0: a `row` each. The dates were checked on their way in: they hold nothing that wants escaping. */
function xmlEnvelope(array: string): Envelope {
  return {
    begin: `<?xml version="1.0" encoding="UTF-8"?>\n<listing>\n<${array}>\n`,
    separator: '\n',
    end: (about) => {
      const filter = Object.entries(about).map(([name, value]) => `<${name}>${value}</${name}>`);
      return `\n</${array}>\n<json_obj_filter>${filter.join('')}</json_obj_filter>\n</listing>\n`;
    },
    type: 'application/xml; charset=utf-8',
  };
}
