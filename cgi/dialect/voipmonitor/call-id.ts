/**
 * Calls by their Call-ID. What SIP phones call a call isn't known here; Asterisk's UniqueID and LinkedID stand in its place.
 * A LinkedID names all rows of a call, such as both halves of a transfer, a UniqueID those with a record of that channel.
 */
import { keyOf } from '../../../storage/model/identity.ts';
import { CgiError } from '../../reply.ts';
import type { Services } from '../../verb.ts';
import { type Params, textIn, wholeIn } from './request.ts';

/** Seconds: a day. */
const INTERVAL_MAX = 86_400;

interface Named {
  readonly id: number;
  /** Epoch seconds. */
  readonly start: number;
}

/** Checked: a part of one with `%` would be found in no call. @throws {CgiError} `invalid` */
export function callIdOf(name: string, text: string): string {
  if (/^[\x21-\x7e]{1,150}$/.test(text) && !/[%*]/.test(text)) return text;
  throw new CgiError('invalid', `${name} must be a whole UniqueID or LinkedID such as 1620378302.28`, name);
}

/**
 * Ids of the calls that `callId` names, oldest first, one at least. On a box whose clock was not set one Call-ID may be of
 * several calls: then the last of them is meant, and with `cidInterval` those that began within so many seconds of it.
 * @throws {CgiError} `invalid`; `not_found` where there is none, or it was deleted
 */
export async function callsNamed(params: Params, { store }: Pick<Services, 'store'>): Promise<number[]> {
  const callId = callIdOf('callId', textIn(params, 'callId'));
  const interval = wholeIn(params, 'cidInterval');
  if (interval !== undefined && interval > INTERVAL_MAX)
    throw new CgiError('invalid', `cidInterval must be ${INTERVAL_MAX} seconds at most`, 'cidInterval');
  const groups = (await store.ask('trace', callId)).map(({ group, calls, legs }) => {
    const isWhole = keyOf(group) === callId;
    return calls.flatMap(({ id, open, deleted, legs: own }): Named[] => {
      const records = legs.filter((leg) => own.includes(leg.id));
      const isMeant = isWhole || records.some((leg) => leg.uniqueId === callId);
      if (id === null || open || deleted || !isMeant) return [];
      return [{ id, start: Math.min(...records.map(({ start }) => start)) }];
    });
  });
  const last = (calls: readonly Named[]) => Math.max(...calls.map(({ start }) => start));
  const newest = last(groups.flat());
  const meant =
    interval === undefined
      ? groups.filter((calls) => last(calls) === newest).flat()
      : groups.flat().filter(({ start }) => newest - start <= interval);
  if (meant.length === 0) throw new CgiError('not_found', `no call that is over has the Call-ID ${callId}`, 'callId');
  return meant.sort((a, b) => a.start - b.start || a.id - b.id).map(({ id }) => id);
}
