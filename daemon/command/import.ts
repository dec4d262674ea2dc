/**
 * `cdrd import FILE`: takes the records of a CDR CSV of any origin: Master.csv of any age (with UniqueID), our own layout, a
 * dump of FreePBX's table `cdr` with the names in its first line; plain or .gz. A second import takes only what is new.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfig } from '../config.ts';
import { EXIT } from '../exit.ts';
import { type Command, configOption } from './command.ts';
import { print } from './print.ts';
import { performCommand } from './store-command.ts';

export const importCsv: Command = {
  usage: 'import FILE [--config FILE]',
  about: "takes the records of a CDR CSV: Master.csv, or a dump of FreePBX's table cdr",
  async perform({ args, usage }) {
    const { values, positionals } = parseArgs({ args: [...args], options: configOption, allowPositionals: true });
    const [file, ...more] = positionals;
    if (!file || more.length > 0) throw usage('say which file');
    const config = loadConfig(values.config ?? null, process.env);
    print(await performCommand(config, { command: 'import', path: resolve(file) }));
    return EXIT.ok;
  },
};
