/** `cdrd trace UNIQUEID`: where each record of a call came from, why its rows are what they are, how its recording was tied. */
import { parseArgs } from 'node:util';
import { loadConfig } from '../config.ts';
import { EXIT } from '../exit.ts';
import { type Command, configOption } from './command.ts';
import { print } from './print.ts';
import { performCommand } from './store-command.ts';

export const trace: Command = {
  usage: 'trace UNIQUEID [--config FILE]',
  about: 'tells where the records of a call came from, and why its rows are what they are',
  async perform({ args, usage }) {
    const { values, positionals } = parseArgs({ args: [...args], options: configOption, allowPositionals: true });
    const [uniqueId, ...more] = positionals;
    if (!uniqueId || more.length > 0) throw usage('say which UniqueID or LinkedID');
    const config = loadConfig(values.config ?? null, process.env);
    print(await performCommand(config, { command: 'trace', uniqueId }));
    return EXIT.ok;
  },
};
