/** 30013 (ours): the phone book in order of number, as JSON or as the CSV that 30014 takes. */
import * as v from 'valibot';
import type { Contact } from '../../storage/store.ts';
import * as fields from '../fields.ts';
import type { Reply } from '../reply.ts';
import { verb } from '../verb.ts';
import type { PhoneBook } from './book.ts';
import { csvContact, csvHeader } from './contact.ts';

export const listContacts = verb({
  about: 'the phone book, in order of number',
  right: 'cdr.read',
  parameters: v.strictObject({
    after: fields.field('only contacts behind this number: the last one of the part before', (text) => text),
    limit: fields.rows(1, 'contacts at most'),
    format: fields.oneOf('json', 'csv'),
  }),
  handle({ after = '', limit = Number.POSITIVE_INFINITY, format = 'json' }, { phoneBook }): Reply {
    if (format === 'json') return { kind: 'rows', text: contactsAsJson(phoneBook, after, limit) };
    return {
      kind: 'rows',
      text: contactsAsCsv(phoneBook, after, limit),
      type: 'text/csv; charset=utf-8',
      filename: 'phone-book.csv',
    };
  },
});

/** Steps of the book, cut where `limit` is reached. */
async function* part(book: PhoneBook, after: string, limit: number): AsyncGenerator<readonly Contact[]> {
  let left = limit;
  for await (const step of book.list(after)) {
    yield step.slice(0, left);
    left -= step.length;
    if (left <= 0) return;
  }
}

export async function* contactsAsJson(book: PhoneBook, after: string, limit: number): AsyncGenerator<string> {
  let separator = '{"json_array_contacts":[';
  for await (const step of part(book, after, limit)) {
    for (const { number, name, group } of step) {
      yield separator + JSON.stringify({ number, name, group });
      separator = ',';
    }
  }
  const total = JSON.stringify({ totalcount: await book.count() });
  yield `${separator === ',' ? '' : separator}],"json_obj_filter":${total}}`;
}

export async function* contactsAsCsv(book: PhoneBook, after: string, limit: number): AsyncGenerator<string> {
  yield csvHeader;
  for await (const step of part(book, after, limit)) yield step.map(csvContact).join('');
}
