/**
 * `cdrd doctor`: what is wrong with the box and the commands that mend it. The running daemon tells what it sees, and root
 * what the daemon can't; where none runs, why it would not start comes first.
 */
import { parseArgs } from 'node:util';
import { loadConfig } from '../config.ts';
import { askDaemon } from '../control/client.ts';
import type { Finding } from '../doctor/finding.ts';
import { findingsText } from '../doctor/text.ts';
import { EXIT } from '../exit.ts';
import { writeBundle } from '../support/write-bundle.ts';
import { type Command, configOption } from './command.ts';
import { complain, print } from './print.ts';

export const doctor: Command = {
  usage: 'doctor [--json] [--bundle FILE] [--config FILE]',
  about:
    'tells what is wrong with the box and the commands that mend it; exit 0 = all is well, 1 = a warning or a fault',
  async perform({ args }) {
    const { values } = parseArgs({
      args: [...args],
      options: { ...configOption, json: { type: 'boolean' }, bundle: { type: 'string' } },
    });
    const config = loadConfig(values.config ?? null, process.env);
    const told = await askDaemon(config.run.dir, { command: 'doctor' });
    if (told === null) throw new Error('cdrd is not running');
    const findings = JSON.parse(told) as readonly Finding[];
    print(values.json ? JSON.stringify({ findings }, null, 2) : findingsText(findings));
    if (values.bundle !== undefined) {
      await writeBundle(values.bundle, config, findings);
      complain(`${values.bundle} is written: a support archive, to be read before it is sent`);
    }
    return findings.every(({ state }) => state === 'ok') ? EXIT.ok : EXIT.failed;
  },
};
