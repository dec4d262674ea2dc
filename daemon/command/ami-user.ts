/**
 * `cdrd ami-user set NAME --read … --write … --permit … --extras on|off`: makes or changes a user of the AMI that cdrd
 * offers; the secret comes on standard input. `remove NAME` and `list` besides.
 */
import { parseArgs } from 'node:util';
import { loadConfig } from '../config.ts';
import type { ControlRequest } from '../control/protocol.ts';
import { EXIT } from '../exit.ts';
import { type Command, configOption } from './command.ts';
import { print } from './print.ts';
import { readSecret } from './secret.ts';
import { performCommand } from './store-command.ts';

export const amiUser: Command = {
  usage:
    'ami-user set NAME [--read CLASSES] [--write CLASSES] [--permit CIDR,…] [--extras on|off] < SECRET | remove NAME | list  [--config FILE]',
  about: 'makes, changes, removes or lists users of the AMI that cdrd offers',
  async perform({ args, usage }) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: {
        ...configOption,
        read: { type: 'string', default: 'cdr,call,agent' },
        write: { type: 'string', default: '' },
        permit: { type: 'string', default: '' },
        extras: { type: 'string', default: 'off' },
      },
      allowPositionals: true,
    });
    const [verb, name = '', ...more] = positionals;
    if (more.length > 0) throw usage(`what is ${more[0]}?`);
    const request = async (): Promise<ControlRequest> => {
      switch (verb) {
        case 'list':
          return { command: 'ami-user.list' };
        case 'remove':
          if (name === '') throw usage('say which user');
          return { command: 'ami-user.remove', name };
        case 'set': {
          if (name === '') throw usage('say which user');
          const { read, write, permit, extras } = values;
          if (extras !== 'on' && extras !== 'off') throw usage('--extras must be on or off');
          const words = (text: string) =>
            text
              .split(',')
              .map((word) => word.trim())
              .filter((word) => word !== '');
          const secret = await readSecret('Secret');
          if (secret === '') throw usage('the secret on standard input is empty');
          return {
            command: 'ami-user.set',
            name,
            secret,
            read: words(read),
            write: words(write),
            permit: words(permit),
            extras: extras === 'on',
          };
        }
        default:
          throw usage('say set, remove or list');
      }
    };
    const config = loadConfig(values.config ?? null, process.env);
    print(await performCommand(config, await request()));
    return EXIT.ok;
  },
};
