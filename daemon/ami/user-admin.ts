/** Changing the users of the AMI, whoever asks: the command and the page do the same and leave the same audit line. */
import type { AmiClientShown, AmiUserAdmin } from '../../cgi/ami/port.ts';
import { CgiError } from '../../cgi/reply.ts';
import type { StoreClient } from '../../storage/client.ts';
import { isAction } from './actions.ts';
import { isClass } from './classes.ts';
import { AmiUserError, type AmiUsers } from './users.ts';

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
    async set(change, { who, address }) {
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
      await store.write({ kind: 'audit', audit: { who, address, action: 'ami-user.set', detail } });
      return write.filter((word) => !isClass(word) && !isAction(word) && !/^OriginateApplication$/i.test(word));
    },
    async remove(name, { who, address }) {
      if (!(await users.remove(name))) throw new CgiError('not_found', `there is no AMI user ${name}`, 'name');
      const audit = { who, address, action: 'ami-user.removed', detail: { name } };
      await store.write({ kind: 'audit', audit });
    },
  };
}
