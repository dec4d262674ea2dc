/**
 * `cdrd user set NAME --role admin|monitor`: makes an account or changes it. The password comes on standard input, never
 * as an argument, where every user of the box could read it. `cdrd user totp NAME off` takes a second factor away, for who
 * has lost the phone. Both work while the daemon runs and while it doesn't.
 */
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { userName } from '../../cgi/fields.ts';
import { isRole, ROLES } from '../../storage/model/rights.ts';
import { loadConfig } from '../config.ts';
import { EXIT } from '../exit.ts';
import { digestOf } from '../state.ts';
import { type Command, configOption } from './command.ts';
import { print } from './print.ts';
import { readSecret } from './secret.ts';
import { performCommand } from './store-command.ts';

export const user: Command = {
  usage: 'user set NAME --role admin|monitor < PASSWORD | totp NAME off  [--config FILE]',
  about: 'makes an account or changes its role and password; takes its second factor away',
  async perform({ args, usage }) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { ...configOption, role: { type: 'string' } },
      allowPositionals: true,
    });
    const [verb, name, ...more] = positionals;
    if (verb === 'totp') {
      if (!name || more.join(' ') !== 'off' || values.role !== undefined) throw usage('say: user totp NAME off');
      const config = loadConfig(values.config ?? null, process.env);
      print(await performCommand(config, { command: 'user.totp-off', user: name }));
      return EXIT.ok;
    }
    if (verb !== 'set' || !name || more.length > 0)
      throw usage('say: user set NAME --role ROLE, or user totp NAME off');
    const { role } = values;
    if (!role) throw usage('--role is missing');
    // Before anyone types a password; the daemon checks once more what comes over its socket.
    const wrongName = v.safeParse(userName, name).issues?.[0].message;
    if (wrongName) throw usage(`the user name ${wrongName}`);
    if (!isRole(role)) throw usage(`the role must be ${ROLES.join(' or ')}`);
    const config = loadConfig(values.config ?? null, process.env);
    const password = await readSecret('Password');
    if (password === '') throw usage('the password on standard input is empty');
    const request = { command: 'user.set', user: name, role, digest: digestOf(password) } as const;
    print(await performCommand(config, request));
    return EXIT.ok;
  },
};
