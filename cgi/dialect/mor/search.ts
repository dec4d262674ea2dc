/**
 * Which calls a page is asked for. A user is told of the calls of his extensions and of no others, whatever device, id or
 * period he asks for: every filter of MOR's pages is made here.
 *
 * A call is outgoing of the extension that placed it and incoming of the one that it was for, so a call between two
 * extensions of one user is both. Of an admin, who has all extensions, outgoing are the calls that left the box, incoming
 * those that came to it.
 */
import type { CallFilter, Inside } from '../../../storage/filter.ts';
import type { Disposition } from '../../../storage/model/leg.ts';
import type { NumberPattern } from '../../../storage/model/number-pattern.ts';
import { CgiError } from '../../reply.ts';
import type { Services } from '../../verb.ts';
import type { Form } from '../form-of.ts';
import { type Asked, extensionRanges, usersOf } from './page.ts';
import { askedAbout, extensionsOf, hasExtension, type MorUser } from './users.ts';

export type Direction = 'all' | 'incoming' | 'outgoing';

/** MOR's words for how a call ended, by what it is asked for with. */
const OUTCOMES = {
  answered: { cause: 'Answered', dispositions: ['ANSWERED'] },
  'no answer': { cause: 'No Answer', dispositions: ['NO ANSWER'] },
  busy: { cause: 'Busy', dispositions: ['BUSY'] },
  failed: { cause: 'Failed', dispositions: ['FAILED', 'CONGESTION'] },
} as const satisfies Readonly<
  Record<string, { readonly cause: string; readonly dispositions: readonly Disposition[] }>
>;
export type Status = 'all' | keyof typeof OUTCOMES;

/** What MOR calls the way a call ended. */
export function hangupCause(disposition: string): string {
  const found = Object.values(OUTCOMES).find(({ dispositions }) =>
    (dispositions as readonly string[]).includes(disposition),
  );
  return found?.cause ?? OUTCOMES.failed.cause;
}

export interface Search {
  readonly direction: Direction;
  readonly status: Status;
  /** An extension of the user's; `all`: each of them. */
  readonly device: string;
}

/** Names that MOR's forms and its document have. `calltype` names either a direction or an outcome. */
const NAMES = {
  direction: ['direction', 'calltype', 'call_type', 's_call_type'],
  status: ['status', 'calltype', 'call_type', 's_call_type'],
  device: ['device', 'device_id', 'show_device', 's_device'],
} as const;

/** @throws {CgiError} `invalid` for a word that is none; `not_found` for a device that isn't the user's. */
export function searchOf(form: Form, user: MorUser, services: Pick<Services, 'settings'>): Search {
  const asked = (names: readonly string[]) =>
    names.map((name) => [name, (form.get(name) ?? '').trim().toLowerCase().replaceAll('_', ' ')] as const);
  const directions = new Set<Direction>();
  const statuses = new Set<Status>();
  for (const [name, word] of asked([...new Set([...NAMES.direction, ...NAMES.status])])) {
    if (word === '' || word === 'all') continue;
    const isDirection = word === 'incoming' || word === 'outgoing';
    if (isDirection && name !== 'status') directions.add(word);
    else if (isOutcome(word) && name !== 'direction') statuses.add(word);
    else throw new CgiError('invalid', `${name} must be all, ${wordsOf(name)}`, name);
  }
  if (directions.size > 1 || statuses.size > 1)
    throw new CgiError('invalid', 'direction and calltype contradict each other', 'calltype');
  const [direction = 'all'] = directions;
  const [status = 'all'] = statuses;
  return { direction, status, device: deviceOf(form, user, services) };
}

function wordsOf(name: string): string {
  const directions = 'incoming, outgoing';
  const outcomes = Object.keys(OUTCOMES).join(', ');
  return name === 'direction' ? directions : name === 'status' ? outcomes : `${directions}, ${outcomes}`;
}

function isOutcome(word: string): word is keyof typeof OUTCOMES {
  return Object.hasOwn(OUTCOMES, word);
}

function deviceOf(form: Form, user: MorUser, services: Pick<Services, 'settings'>): string {
  const sent = NAMES.device.map((name) => (form.get(name) ?? '').trim()).filter((device) => device !== '');
  const devices = [...new Set(sent.filter((device) => device.toLowerCase() !== 'all'))];
  const [device = 'all'] = devices;
  if (devices.length > 1) throw new CgiError('invalid', 'more than one device is asked for', 'device');
  return device === 'all' ? device : needDevice(device, user, services);
}

/**
 * The extension that a device is. @param device Its number, or with the technology before it as pages name it: `SIP/201`.
 * @throws {CgiError} `not_found` for one that there isn't, and, in the same words, for another's.
 */
export function needDevice(device: string, user: MorUser, services: Pick<Services, 'settings'>): string {
  const [, number = ''] = /^(?:[A-Za-z0-9]{1,16}\/)?(\d{1,20})$/.exec(device) ?? [];
  if (number === '' || !hasExtension(user, number, extensionRanges(services)))
    throw new CgiError('not_found', 'Device was not found', 'device');
  return number;
}

/** Whom a page is about: an id in the address or the form. @throws {CgiError} `not_found` for nobody, and for somebody else's. */
export function needUser(id: string, from: MorUser, services: Pick<Services, 'settings'>): MorUser {
  const within = { users: usersOf(services), extension: extensionRanges(services) };
  const user = id === '' ? from : askedAbout(id, from, within);
  if (!user) throw new CgiError('not_found', 'User was not found', 'userid');
  return user;
}

/** The same by MOR's `userid` among the parameters; the asker himself where there is none. @throws {CgiError} likewise */
export function needAsked({ form, user, services }: Pick<Asked, 'form' | 'user' | 'services'>): MorUser {
  return needUser((form.get('userid') ?? form.get('user_id') ?? '').trim(), user, services);
}

/** A filter of the calls of a user. @param side Of which he is told; an admin by where they went. */
export function callsOf(user: MorUser, { direction, status, device }: Search, start: CallFilter['start']): CallFilter {
  const outcome = status === 'all' ? {} : { dispositions: OUTCOMES[status].dispositions };
  const numbers = device === 'all' ? extensionsOf(user) : [device];
  if (numbers === null) return { start, ...outcome, ...(direction !== 'all' && { callTypes: [OF_BOX[direction]] }) };
  const side = SIDES[direction];
  // The numbers by themselves are what indexes and searches are for.
  const patterns = numbers.map((value): NumberPattern => ({ kind: 'literal', value }));
  const found = { from: { src: patterns }, to: { dst: patterns }, either: { number: patterns } };
  return { start, ...outcome, ...found[side], inside: { numbers, side } };
}

const SIDES: Readonly<Record<Direction, Inside['side']>> = { outgoing: 'from', incoming: 'to', all: 'either' };
const OF_BOX = { outgoing: 'Outbound', incoming: 'Inbound' } as const;

/** Calls that came in for a user and nobody answered: those of the worklist (30039), each by itself. */
export function missedOf(user: MorUser, start: CallFilter['start']): CallFilter {
  const search: Search = { direction: 'incoming', status: 'all', device: 'all' };
  const dispositions = Object.values(OUTCOMES).flatMap(({ dispositions: each }) => each);
  return {
    ...callsOf(user, search, start),
    callTypes: ['Inbound'],
    dispositions: dispositions.filter((each) => each !== 'ANSWERED'),
  };
}
