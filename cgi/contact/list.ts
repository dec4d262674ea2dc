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
    search: fields.field('only contacts with this text in number, name or group, any case', (text) =>
      text.trim() === '' ? undefined : text.trim().toLocaleLowerCase(),
    ),
    format: fields.oneOf('json', 'csv'),
  }),
  handle({ after = '', limit = Number.POSITIVE_INFINITY, format = 'json', search = '' }, { phoneBook }): Reply {
    if (format === 'json') return { kind: 'rows', text: contactsAsJson(phoneBook, after, limit, search) };
    return {
      kind: 'rows',
      text: contactsAsCsv(phoneBook, after, limit, search),
      type: 'text/csv; charset=utf-8',
      filename: 'phone-book.csv',
    };
  },
});

/** Steps of the book, cut where `limit` is reached. */
async function* part(
  book: PhoneBook,
  after: string,
  limit: number,
  search: string,
): AsyncGenerator<readonly Contact[]> {
  let left = limit;
  const holds = (text: string) => text.toLocaleLowerCase().includes(search);
  for await (const step of book.list(after)) {
    const wanted =
      search === '' ? step : step.filter(({ number, name, group }) => holds(number) || holds(name) || holds(group));
    yield wanted.slice(0, left);
    left -= wanted.length;
    if (left <= 0) return;
  }
}

export async function* contactsAsJson(
  book: PhoneBook,
  after: string,
  limit: number,
  search = '',
): AsyncGenerator<string> {
  let separator = '{"json_array_contacts":[';
  for await (const step of part(book, after, limit, search)) {
    for (const { number, name, group } of step) {
      yield separator + JSON.stringify({ number, name, group });
      separator = ',';
    }
  }
  const total = JSON.stringify({ totalcount: await book.count() });
  yield `${separator === ',' ? '' : separator}],"json_obj_filter":${total}}`;
}

export async function* contactsAsCsv(
  book: PhoneBook,
  after: string,
  limit: number,
  search = '',
): AsyncGenerator<string> {
  yield csvHeader;
  for await (const step of part(book, after, limit, search)) yield step.map(csvContact).join('');
}
