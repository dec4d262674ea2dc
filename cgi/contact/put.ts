/** 30014 (ours): one contact, or many as CSV: all of them or none. */
import * as v from 'valibot';
import type { ContactsLookedAt } from '../contract.ts';
import * as fields from '../fields.ts';
import { CgiError, json } from '../reply.ts';
import { by, verb } from '../verb.ts';
import { contactGroup, contactName, contactNumber, lookAtContacts, readContacts } from './contact.ts';

/** Of a CSV that is only looked at: contacts and faulty lines shown. */
const SHOWN = 20;

export const putContacts = verb({
  about: 'adds or changes contacts of the phone book',
  right: 'contacts',
  parameters: v.strictObject({
    number: fields.field('number of one contact, exactly as calls show it', contactNumber),
    name: fields.field('its name', contactName),
    group: fields.field('its group', contactGroup),
    csv: fields.field(
      'many contacts: a line number,name,group and then one line each, as 30013 gives it',
      (text) => text,
    ),
    replace: fields.oneOf('0', '1'),
    dryrun: fields.flag('of a csv, only tell what is in it and which lines are at fault'),
  }),
  lines: ({ dryrun }) => (dryrun ? 0 : 1),
  async handle({ number, name, group, csv, replace = '0', dryrun }, { phoneBook }, asking) {
    if (csv === undefined) {
      if (dryrun) throw new CgiError('invalid', 'dryrun goes with csv', 'dryrun');
      if (number === undefined) throw new CgiError('invalid', 'number is missing', 'number');
      if (name === undefined) throw new CgiError('invalid', 'name is missing', 'name');
      if (replace === '1') throw new CgiError('invalid', 'replace goes with csv', 'replace');
      await phoneBook.put([{ number, name, group: group ?? '' }], by(asking));
      return json({ result: 'success', contacts: 1 });
    }
    if (number !== undefined || name !== undefined || group !== undefined)
      throw new CgiError('invalid', 'csv goes without number, name and group', 'csv');
    if (dryrun) return json<ContactsLookedAt>(await lookedAt(csv));
    const contacts = await readContacts(csv);
    if (replace === '1') await phoneBook.replace(contacts, by(asking));
    else await phoneBook.put(contacts, by(asking));
    return json({ result: 'success', contacts: contacts.length });
  },
});

async function lookedAt(csv: string): Promise<ContactsLookedAt> {
  const { contacts, faults } = await lookAtContacts(csv);
  return {
    result: 'success',
    contacts: contacts.length,
    json_array_contacts: contacts.slice(0, SHOWN),
    faults: faults.length,
    json_array_faults: faults.slice(0, SHOWN),
  };
}
