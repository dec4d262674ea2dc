/**
 * MOR's phone book: the box's own, one for all. An entry is known by its number, which is its id in addresses, percent-encoded
 * where it must be: it is unique, never changes and is told by the list. When an entry was added nobody has noted.
 */
import { contactName, contactNumber } from '../../contact/contact.ts';
import { Wrong } from '../../fields.ts';
import { CgiError, type Reply } from '../../reply.ts';
import type { Services } from '../../verb.ts';
import { byOf } from '../enter.ts';
import { numberIn } from '../form-of.ts';
import { XML_DECLARATION, XML_TYPE, xmlElement } from '../xml.ts';
import { actionReply, LANGUAGE, type Page } from './page.ts';
import { needUser } from './search.ts';

export const phoneBook: Page = {
  like: { number: 30013, right: 'cdr.read' },
  answer({ services, user: asker, rest }): Reply {
    const user = needUser(rest, asker, services);
    const nodes = [['pagename', 'Phonebook'], LANGUAGE, ['userid', user.id]] as const;
    async function* text(): AsyncGenerator<string> {
      let head = `${XML_DECLARATION}<page>\n${nodes.map((node) => xmlElement(node, 1)).join('')}  <entries>\n`;
      for await (const contacts of services.phoneBook.list('')) {
        const entries = contacts.map(({ number, name }) =>
          xmlElement(
            [
              'entry',
              [
                ['entry_number', number],
                ['entry_name', name],
              ],
            ],
            2,
          ),
        );
        yield head + entries.join('');
        head = '';
      }
      yield `${head}  </entries>\n</page>`;
    }
    return { kind: 'rows', text: text(), type: XML_TYPE };
  },
};

const ADD = 'add_phonebook_entry';
const DELETE = 'delete_phonebook_entry';

export const addEntry: Page = {
  like: { number: 30014, right: 'contacts' },
  action: ADD,
  async answer({ request, services, caller, user, form, rest }) {
    needUser(rest, user, services);
    const sent = { number: numberIn(form, 'number'), name: form.get('name')?.trim() ?? '' };
    if (sent.number === '' || sent.name === '') return actionReply(ADD, 'failed', 'Please fill all fields');
    const number = read('number', contactNumber, sent.number);
    const name = read('name', contactName, sent.name);
    const known = await nameOf(number, services);
    // What somebody calls a number on the pages isn't overwritten by what only adds.
    if (known !== null && known !== name) return actionReply(ADD, 'failed', `${number} is in the phone book already`);
    if (known === null) await services.phoneBook.put([{ number, name, group: '' }], byOf(caller, request));
    return actionReply(ADD, 'ok', 'Record added');
  },
};

export const deleteEntry: Page = {
  like: { number: 30015, right: 'contacts' },
  action: DELETE,
  async answer({ request, services, caller, rest }) {
    const number = decoded(rest);
    const known = number !== '' && (await nameOf(number, services)) !== null;
    const removed = known ? await services.phoneBook.remove([number], byOf(caller, request)) : 0;
    if (removed === 0) return actionReply(DELETE, 'failed', "We're sorry, but something went wrong");
    return actionReply(DELETE, 'ok', 'Record deleted');
  },
};

/** @throws {CgiError} `invalid` */
function read(name: string, reading: (text: string) => string, text: string): string {
  try {
    return reading(text);
  } catch (error) {
    throw error instanceof Wrong ? new CgiError('invalid', `${name} ${error.message}`, name) : error;
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

/** What the book calls a number; null: it isn't in it. */
async function nameOf(number: string, { phoneBook: book }: Pick<Services, 'phoneBook'>): Promise<string | null> {
  // Before the number itself, in the book's order, stands what it begins with.
  for await (const contacts of book.list([...number].slice(0, -1).join('')))
    for (const contact of contacts) {
      if (contact.number === number) return contact.name;
      if (Buffer.compare(Buffer.from(contact.number), Buffer.from(number)) > 0) return null;
    }
  return null;
}
