/**
 * `cdrd verify`: compares the calls with their records, the sums by day with the calls, and the store with the CDR CSV; exit 1
 * when something differs. Then it tells which recordings are missing, damaged or nobody's: that changes no exit code.
 */
import { parseArgs } from 'node:util';
import { loadConfig } from '../config.ts';
import { EXIT } from '../exit.ts';
import { type Command, configOption } from './command.ts';
import { print } from './print.ts';
import { performCommand } from './store-command.ts';

export const verify: Command = {
  usage: 'verify [--config FILE]',
  about: 'compares the calls with their records and sums, the store with the CDR CSV, and calls with recordings',
  async perform({ args }) {
    const { values } = parseArgs({ args: [...args], options: configOption });
    const config = loadConfig(values.config ?? null, process.env);
    print(await performCommand(config, { command: 'verify' }));
    return EXIT.ok;
  },
};
