/** Everything of one kind, for a spreadsheet or another program: the very rows that the numbers give, and no secrets. */
import { CSV_COLUMNS } from '../../cgi/cdr/download.ts';
import { CALL_ROW } from '../../cgi/cdr/query.ts';
import { createPhoneBook } from '../../cgi/contact/book.ts';
import { contactsAsCsv, contactsAsJson } from '../../cgi/contact/list.ts';
import { csv } from '../../cgi/csv-listing.ts';
import { listing } from '../../cgi/listing.ts';
import { RECORDING_ROW } from '../../cgi/recording/query.ts';
import type { Reply } from '../../cgi/reply.ts';
import type { StoreClient } from '../../storage/client.ts';
import type { ExportFormat, ExportKind } from './protocol.ts';

const ALL = Number.POSITIVE_INFINITY;
/** From the first on. */
const RANGE = { startdate: '', enddate: '', wall: {} };

/** Parts are good until the next is asked for. */
export function exported(
  store: StoreClient,
  what: ExportKind,
  format: ExportFormat,
): AsyncIterable<string | Uint8Array> {
  if (what === 'contacts') {
    const book = createPhoneBook(store);
    return format === 'csv' ? contactsAsCsv(book, '', ALL) : contactsAsJson(book, '', ALL);
  }
  return textOf(what === 'calls' ? calls(store, format) : recordings(store, format));
}

/** As 9005 and 9006 have them. */
function calls(store: StoreClient, format: ExportFormat): Reply {
  if (format === 'csv') return csv(store, 'call', { filter: { start: {} }, fields: CSV_COLUMNS, order: 'asc' }, {});
  return listing(store, 'call', 'json_array_astcdrs', CALL_ROW, { start: {} }, RANGE, { order: 'asc' });
}

/** As 20053 has them. */
function recordings(store: StoreClient, format: ExportFormat): Reply {
  const part = { order: 'asc', format } as const;
  return listing(store, 'recording', 'json_array_recordings', RECORDING_ROW, { wall: {} }, RANGE, part);
}

function textOf(reply: Reply): AsyncIterable<string | Uint8Array> {
  if (reply.kind !== 'rows') throw new Error('a listing that is no rows');
  return reply.text;
}
