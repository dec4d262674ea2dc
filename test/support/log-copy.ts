/**
 * Keeps a copy of all that daemons log during a run: of those in the tests' own process, and of those in one of their own.
 * What was found in it ends the run (count-reporter.ts). For `setupFiles`.
 */
import { ChildProcess } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { expect, vi } from 'vitest';
import type { LogOptions } from '../../daemon/log.ts';
import { copyFolder, noteSecret } from './log-copy-files.ts';

const file = join(copyFolder(), `${process.pid}.log`);
const keep = (text: string | Uint8Array) => appendFileSync(file, text);
/** Tests of the log itself write what none may hold. */
const OWN = /\/test\/log[\w-]*\.test\.ts$/;

vi.mock('../../daemon/log.ts', async (original) => {
  const real = await original<typeof import('../../daemon/log.ts')>();
  if (OWN.test(expect.getState().testPath ?? '')) return real;
  const createLog = (options: LogOptions) =>
    real.createLog({
      ...options,
      write(line) {
        keep(line);
        (options.write ?? ((text: string) => void process.stderr.write(text)))(line);
      },
    });
  return { ...real, createLog };
});

interface Spawning {
  spawn(options: { readonly args?: readonly string[]; readonly envPairs?: readonly string[] }): number;
}

// Every way to start a process but the synchronous ones comes by here. What a daemon says is copied as it is read, and
// whoever reads it sees no difference.
const prototype = ChildProcess.prototype as unknown as Spawning;
const { spawn } = prototype;
prototype.spawn = function (this: ChildProcess, options) {
  const result = spawn.call(this as never, options);
  if (!options.args?.some((word) => word.endsWith('/cdrd.mjs'))) return result;
  for (const pair of options.envPairs ?? [])
    if (pair.startsWith('CDRD_ASTERISK_SECRET=')) noteSecret(pair.slice(pair.indexOf('=') + 1));
  const stream = this.stderr as Readable | null;
  if (!stream) return result;
  const push = stream.push.bind(stream);
  stream.push = (chunk: Buffer | null, ...rest) => {
    if (chunk !== null) keep(chunk);
    return push(chunk, ...rest);
  };
  return result;
};
