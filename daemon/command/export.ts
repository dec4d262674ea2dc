/**
 * `cdrd export [calls|recordings|contacts] [--format csv|json] [--to FILE]`: everything of one kind, in the very rows that
 * 9005, 9006, 20053 and 30013 give; to standard output, or into a file that is the caller's own.
 */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import { loadConfig } from '../config.ts';
import { EXPORT_FORMATS, EXPORT_KINDS } from '../control/protocol.ts';
import { EXIT } from '../exit.ts';
import { type Command, configOption } from './command.ts';
import { performCommand } from './store-command.ts';

export const exportAll: Command = {
  usage: 'export [calls|recordings|contacts] [--format csv|json] [--to FILE] [--config FILE]',
  about: 'writes all calls, the list of recordings or the phone book as CSV or JSON; no secrets',
  async perform({ args, usage }) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { ...configOption, format: { type: 'string', default: 'csv' }, to: { type: 'string' } },
      allowPositionals: true,
    });
    const [kind = 'calls', ...more] = positionals;
    const what = EXPORT_KINDS.find((each) => each === kind);
    if (!what || more.length > 0) throw usage(`say what: ${EXPORT_KINDS.join(', ')}`);
    const format = EXPORT_FORMATS.find((each) => each === values.format);
    if (!format) throw usage(`--format must be ${EXPORT_FORMATS.join(' or ')}`);
    const config = loadConfig(values.config ?? null, process.env);
    const output = await outputTo(values.to);
    await performCommand(config, { command: 'export', what, format }, (part) => write(output, part));
    if (output !== process.stdout) {
      output.end();
      await once(output, 'finish');
    }
    return EXIT.ok;
  },
};

/** Opened by the caller's own rights, before the command takes those of the state folder's owner. */
async function outputTo(file: string | undefined): Promise<Writable> {
  if (file === undefined) {
    process.stdout.on('error', endQuietly);
    return process.stdout;
  }
  const output = createWriteStream(file, { mode: 0o600 });
  await once(output, 'open');
  return output;
}

/** Whoever reads it has seen enough: `cdrd export | head`. */
function endQuietly({ code }: NodeJS.ErrnoException): void {
  process.exit(code === 'EPIPE' ? EXIT.ok : EXIT.failed);
}

async function write(output: Writable, part: string): Promise<void> {
  if (!output.write(part)) await once(output, 'drain');
}
