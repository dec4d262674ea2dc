/**
 * MOR's personal details: what this box holds of a user is his name and what somebody has written down here. There are no
 * account, balance, credit and VAT percent, because nothing is charged; all other fields are kept, as they are sent.
 */
import { CgiError, type Reply } from '../../reply.ts';
import type { Services } from '../../verb.ts';
import { byOf } from '../enter.ts';
import type { Form } from '../form-of.ts';
import type { XmlNode } from '../xml.ts';
import { byHash } from './api.ts';
import { actionReply, extensionRanges, LANGUAGE, type Page, pageReply, usersOf } from './page.ts';
import { inTurn } from './turns.ts';
import { askedAbout, type MorUser } from './users.ts';

const OTHER = [
  ...['username', 'surname', 'personalid', 'agreement_number', 'agreement_date'],
  ...['taxation_country', 'vat_reg_number'],
];
const REGISTRATION = [
  ...['reg_address', 'reg_postcode', 'reg_city', 'reg_country', 'reg_state', 'reg_direction'],
  ...['reg_phone', 'reg_mobile', 'reg_fax', 'reg_email'],
];
/** MOR's seventeen. */
const FIELDS = [...OTHER, ...REGISTRATION];
/** Characters of a field. */
const FIELD_MAX = 200;
const ACTION = 'edit_personal';

/** By hash: no name need be given, because who knows the secret may ask about everybody. */
export const userDetailsGet = byHash({
  hashed: ['user_id'],
  user: 'user_id',
  isNameless: true,
  answer: ({ user, services }) => shown(user, services),
});

export const personalDetails: Page = {
  like: { number: 30013, right: 'cdr.read' },
  // MOR's document names no other address for the hash.
  byHash: userDetailsGet,
  answer: ({ services, user }) => shown(user, services),
};

export const editDetails: Page = {
  like: { number: 30014, right: 'contacts' },
  action: ACTION,
  async answer({ request, services, caller, user: from, form, rest }) {
    const user = askedAbout(rest, from, { users: usersOf(services), extension: extensionRanges(services) });
    if (!user) throw new CgiError('not_found', 'User was not found');
    const sent = sentIn(form);
    const names = Object.keys(sent);
    if (names.length === 0) throw new CgiError('invalid', `nothing is given of ${FIELDS.join(', ')}`);
    const detail = { user: user.id, fields: names.join(',') };
    const audit = { ...byOf(caller, request), action: 'details.changed', detail };
    const { store } = services;
    await inTurn({ store, setting: settingOf(user), what: 'these details' }, async () => {
      const value = { ...(await keptOf(user, services)), ...sent };
      await store.write({ kind: 'setting', name: settingOf(user), value, audit });
    });
    return actionReply(ACTION, 'ok', 'Personal details changed');
  },
};

async function shown(user: MorUser, services: Services): Promise<Reply> {
  const kept = await keptOf(user, services);
  const nodes = (names: readonly string[]) => names.map((name): XmlNode => [name, kept[name] ?? '']);
  return pageReply('Personal details', [
    LANGUAGE,
    ['userid', user.id],
    [
      'details',
      [
        ['main_details', [['alias', user.name]]],
        ['other_details', nodes(OTHER)],
        ['registration', nodes(REGISTRATION)],
      ],
    ],
  ]);
}

/** @throws {CgiError} `invalid` */
function sentIn(form: Form): Record<string, string> {
  const sent: Record<string, string> = {};
  for (const name of FIELDS) {
    const value = form.get(name)?.trim();
    if (value === undefined) continue;
    if (value.length > FIELD_MAX)
      throw new CgiError('invalid', `${name} must be ${FIELD_MAX} characters at most`, name);
    if (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(value))
      throw new CgiError('invalid', `${name} must be one line of text`, name);
    if (name === 'agreement_date' && !/^(\d{4}-\d\d-\d\d)?$/.test(value))
      throw new CgiError('invalid', `${name} must be a date such as 2008-03-11`, name);
    sent[name] = value;
  }
  return sent;
}

/** Among the settings of the store, where no page shows it: one for each user. */
const settingOf = ({ id }: MorUser) => `mor.details.${id}`;

async function keptOf(user: MorUser, { store }: Services): Promise<Readonly<Record<string, string>>> {
  return ((await store.ask('setting', settingOf(user))) ?? {}) as Record<string, string>;
}
