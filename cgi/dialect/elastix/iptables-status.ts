/**
 * `cmd=getiptablesstatus`: whether there is a firewall, for keys with the scope `firewall`. It asked by sudo; cdrd is no root
 * and starts no program, so it tells what the kernel shows to everybody, which often is nothing.
 */
import { CgiError } from '../../reply.ts';
import { hasScope } from '../enter.ts';
import { type Command, phpReply } from './command.ts';

export const iptablesStatus: Command = {
  like: { number: 30044, right: 'settings' },
  async answer(request, services, caller) {
    if (!hasScope(caller, 'firewall')) {
      services.notes.refused({
        who: caller.user,
        address: request.address,
        action: 'denied',
        detail: { scope: 'firewall' },
      });
      throw new CgiError('denied', `${caller.user} may not do this without the scope firewall`);
    }
    const tables = await services.machine.filterTables();
    if (tables === null) throw new CgiError('conflict', HIDDEN);
    const told = tables.length === 0 ? NO_TABLE : tables.map((name) => `Table: ${name}`).join('\n');
    return phpReply({ pid: told, is_exist: tables.length > 0 });
  },
};

const NO_TABLE = 'iptables has no table in the kernel; a firewall of nftables is not seen here';
const HIDDEN = 'getiptablesstatus: not known, the kernel shows its firewall to root alone, which cdrd is not';
