/**
 * MOR's local_calls_get: calls between extensions, of one user, in a period of Unix seconds; today without one. The tags are
 * spelled as MOR spells them, `orignator` too. Addresses of phones stand in no record of Asterisk's: these tags are empty.
 */
import type { CallFilter, Field } from '../../../storage/filter.ts';
import { splitShown } from '../../../storage/model/number-pattern.ts';
import { dateRange, epochBounds, ordered } from '../../range.ts';
import { CgiError, type Reply } from '../../reply.ts';
import type { Services } from '../../verb.ts';
import type { Form } from '../form-of.ts';
import { XML_TYPE, type XmlNode, xmlAround, xmlElement } from '../xml.ts';
import { byHash } from './api.ts';
import { inParts } from './calls.ts';
import { usersOf } from './page.ts';
import { countOf, hasExtension, insideOf, type MorUser } from './users.ts';

const COLUMNS = ['start', 'offset', 'src', 'dst', 'callerid', 'channel'] as const;
const FIELDS: readonly Field[] = COLUMNS.map((name) => [name, name]);
type Row = Readonly<Record<(typeof COLUMNS)[number], string>>;

export const localCallsGet = byHash({
  hashed: ['from', 'till', 's_user'],
  user: 's_user',
  answer({ form, user, services }): Reply {
    const inside = insideOf(user, 'either');
    const filter: CallFilter = {
      start: periodOf(form, services),
      callTypes: ['Internal'],
      ...(inside && { inside }),
    };
    const users = usersOf(services).sort((a, b) => countOf(a) - countOf(b));
    const { begin, end, depth } = xmlAround(['page', 'local_calls']);

    async function* text(): AsyncGenerator<string> {
      let before = begin;
      for await (const page of services.store.pages('call', { filter, fields: FIELDS, order: 'asc' })) {
        const rows = JSON.parse(`[${Buffer.from(page.bytes).toString('utf8')}]`) as readonly Row[];
        for await (const some of inParts(rows)) {
          yield before + some.map((row) => xmlElement(callNode(row, users), depth)).join('');
          before = '';
        }
      }
      yield before + end;
    }
    return { kind: 'rows', type: XML_TYPE, text: text() };
  },
});

/** @throws {CgiError} `invalid` */
function periodOf(form: Form, { zone, now }: Services) {
  const today = epochBounds(dateRange({}, zone, now()).wall, zone);
  const [from, to] = [secondsOf('from', form) ?? today.from, secondsOf('till', form) ?? today.to];
  ordered('from', from, to, 'is after till');
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
}

/**
 * Ten digits, as all have since 2001; `from` may be 0 where there is a `till`. The hash is of values one behind the other: were
 * others taken, that of user 10 would also be one of user 0 from 1 on.
 */
function secondsOf(name: 'from' | 'till', form: Form): number | undefined {
  const text = form.get(name) ?? '';
  if (text === '') return undefined;
  const isBeginning = name === 'from' && text === '0' && (form.get('till') ?? '') !== '';
  if (!isBeginning && !/^[1-9]\d{9}$/.test(text))
    throw new CgiError('invalid', `${name} must be Unix seconds, such as 1514851199`, name);
  return Number(text);
}

function callNode({ start, offset, src, dst, callerid, channel }: Row, users: readonly MorUser[]): XmlNode {
  const [called, answered = called] = splitShown(dst);
  return [
    'call',
    [
      [
        'calldate',
        [
          ['date', start],
          ['timezone', zoneText(Number(offset))],
        ],
      ],
      ['originator_device', src],
      ['originator_caller_id', callerid],
      ['orignator_ip', ''],
      ['orignator_channel', channel],
      ['terminator_user', ownerOf(answered, users)],
      ['terminator_device', answered],
      ['terminator_ip', ''],
    ],
  ];
}

/** The box's zone at the call: `GMT +0530`. @param offset Seconds east of UTC. */
function zoneText(offset: number): string {
  const minutes = Math.abs(Math.trunc(offset / 60));
  const digits = Math.floor(minutes / 60) * 100 + (minutes % 60);
  return `GMT ${offset < 0 ? '-' : '+'}${String(digits).padStart(4, '0')}`;
}

/** The name of the user who has an extension; '' = nobody is written down. @param users The narrowest first: behind him his reseller. */
function ownerOf(number: string, users: readonly MorUser[]): string {
  return users.find((user) => hasExtension(user, number, ''))?.name ?? '';
}
