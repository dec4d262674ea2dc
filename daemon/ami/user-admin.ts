/** Changing the users of the AMI, whoever asks: the command and the page do the same and leave the same audit line. */
import type { AmiClientShown, AmiUserAdmin, AmiUserChange } from '../../cgi/ami/port.ts';
import { CgiError } from '../../cgi/reply.ts';
import type { StoreClient } from '../../storage/client.ts';
import { isAction, isForConsole } from './actions.ts';
import { isClass } from './classes.ts';
import { ownActions } from './own-actions.ts';
import { type AmiUser, AmiUserError, type AmiUsers } from './users.ts';

/** What a new one has unless told otherwise, by number as by command. */
const NEW = { secret: '', read: ['cdr', 'call', 'agent'], write: [], permit: [], extras: false };

export function createAmiUserAdmin(
  users: AmiUsers,
  store: Pick<StoreClient, 'write'>,
  clients: () => readonly AmiClientShown[],
): AmiUserAdmin {
  return {
    list: users.list,
    clients,
    async set(change, by, at) {
      if (at !== 'console') leaveToConsole(change, users.get(change.name));
      const definition = { ...NEW, ...users.get(change.name), ...change };
      const { name, secret, read, write, permit, extras } = definition;
      try {
        await users.set({ name, secret, read, write, permit, extras });
      } catch (error) {
        if (!(error instanceof AmiUserError)) throw error;
        throw new CgiError(error.parameter ? 'invalid' : 'conflict', error.message, error.parameter);
      }
      const detail = {
        name,
        read: read.join(),
        write: write.join(),
        permit: permit.join(),
        extras,
        secret: change.secret === undefined ? 'kept' : 'set',
      };
      await store.write({ kind: 'audit', audit: { ...by, action: 'ami-user.set', detail } });
      return write.filter((word) => !isClass(word) && !isAction(word) && !/^OriginateApplication$/i.test(word));
    },
    async remove(name, by) {
      if (!(await users.remove(name))) throw new CgiError('not_found', `there is no AMI user ${name}`, 'name');
      const audit = { ...by, action: 'ami-user.removed', detail: { name } };
      await store.write({ kind: 'audit', audit });
    },
  };
}

/** @throws {CgiError} `denied` for what somebody on the network may not do, be it admin. */
function leaveToConsole(change: AmiUserChange, known: AmiUser | undefined): void {
  const held = powersIn(known?.write ?? []);
  const wanted = change.write === undefined ? held : powersIn(change.write);
  const there = "at the box's console alone: cdrd ami-user set";
  const fresh = wanted.find((word) => !held.includes(word));
  if (fresh !== undefined) throw new CgiError('denied', `write: ${fresh} is granted ${there}`, 'write');
  if (wanted.length === 0) return;
  // By a secret of one's own choosing, from where one is, one would be such a user.
  const changed = `of who may do ${wanted.join(', ')} it is changed ${there}`;
  if (change.secret !== undefined) throw new CgiError('denied', `secret: ${changed}`, 'secret');
  if (change.permit !== undefined && change.permit.join() !== known?.permit.join())
    throw new CgiError('denied', `permit: ${changed}`, 'permit');
}

/** Words that are no words are told later, as what they are. */
function powersIn(write: readonly string[]): string[] {
  return write.filter((word) => /^[a-z\d]+$/i.test(word) && isForConsole(word) && !ownActions.has(word.toLowerCase()));
}
