/** A listing as CSV: a line of names, then a line a row, CRLF behind each (RFC 4180). The lines are made in the store. */
import type { StoreClient } from '../storage/client.ts';
import type { Listing, Listings } from '../storage/walks.ts';
import * as fields from './fields.ts';
import type { Reply } from './reply.ts';
import { pagesOf } from './sort.ts';

/** How a CSV is wanted. */
export const csvOptions = {
  bom: fields.flag('a byte order mark first, by which Excel knows UTF-8'),
  delimiter: fields.delimiter,
  text: fields.flag('what holds a digit as ="…", for a spreadsheet that would take it for a figure'),
};

export interface CsvOptions {
  readonly bom?: boolean | undefined;
  readonly delimiter?: ',' | ';' | undefined;
  readonly text?: boolean | undefined;
}

const BOM = '\ufeff';
const LINE_END = '\r\n';

/** @param filename Absent: shown, not saved. */
export function csv<Kind extends keyof Listings>(
  store: StoreClient,
  kind: Kind,
  listing: Omit<Listing<Listings[Kind]>, 'format'>,
  { bom = false, delimiter = ',', text: asText = false }: CsvOptions,
  filename?: string,
): Reply {
  async function* text(): AsyncGenerator<string | Uint8Array> {
    // The names of columns are ours and hold nothing that wants quoting. They wait for the first rows: a store that can't
    // answer, or has too many listings to read already, still gets a proper error.
    let head = (bom ? BOM : '') + listing.fields.map(([name]) => name).join(delimiter) + LINE_END;
    for await (const page of pagesOf(store, kind, { ...listing, format: { delimiter, asText } })) {
      if (page.rows > 0) {
        yield head;
        head = '';
      }
      yield page.bytes;
    }
    yield head;
  }
  return { kind: 'rows', text: text(), type: 'text/csv; charset=utf-8', ...(filename !== undefined && { filename }) };
}
