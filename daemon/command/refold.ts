/** `cdrd refold --from DATE`: makes the calls from a day on anew from their records, after the numbering has changed. */
import { parseArgs } from 'node:util';
import { loadConfig } from '../config.ts';
import { EXIT } from '../exit.ts';
import { type Command, configOption } from './command.ts';
import { print } from './print.ts';
import { performCommand } from './store-command.ts';

export const refold: Command = {
  usage: 'refold --from YYYY-MM-DD [--config FILE]',
  about: 'makes the calls from a day on anew from their records',
  async perform({ args, usage }) {
    const { values } = parseArgs({ args: [...args], options: { ...configOption, from: { type: 'string' } } });
    if (!values.from) throw usage('--from is missing');
    const config = loadConfig(values.config ?? null, process.env);
    print(await performCommand(config, { command: 'refold', from: values.from }));
    return EXIT.ok;
  },
};
