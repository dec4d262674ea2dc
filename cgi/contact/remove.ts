/** 30015 (ours): takes contacts out of the phone book. */
import * as v from 'valibot';
import * as fields from '../fields.ts';
import { CgiError, json } from '../reply.ts';
import { by, verb } from '../verb.ts';
import { CONTACTS_STEP } from './book.ts';
import { contactNumber } from './contact.ts';

export const removeContacts = verb({
  about: 'removes contacts from the phone book',
  right: 'contacts',
  parameters: v.strictObject({
    numbers: fields.field(`their numbers, a comma list of at most ${CONTACTS_STEP}`, (text) => {
      if (text.trim() === '') return undefined;
      const numbers = new Set(text.split(',').map(contactNumber));
      if (numbers.size > CONTACTS_STEP) throw new fields.Wrong(`has more than ${CONTACTS_STEP} numbers`);
      return [...numbers];
    }),
    all: fields.oneOf('0', '1'),
  }),
  async handle({ numbers, all = '0' }, { phoneBook }, asking) {
    if (numbers && all === '1') throw new CgiError('invalid', 'all goes without numbers', 'all');
    if (!numbers && all === '0') throw new CgiError('invalid', 'numbers is missing', 'numbers');
    const removed = numbers ? await phoneBook.remove(numbers, by(asking)) : await phoneBook.clear(by(asking));
    return json({ result: 'success', removed });
  },
});
