/** Where the secrets of second factors lie: `state.dir/secret/totp`, 0600, and never in the store, a backup or the log. */
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { createSecondFactors, type SecondFactors } from '../cgi/access/second-factor.ts';
import { userName } from '../cgi/fields.ts';
import { atomicWrite } from '../storage/atomic-write.ts';
import { factorLimits } from './limits.ts';
import type { Log } from './log.ts';
import { secretDir } from './state.ts';

const FILE = v.array(
  v.strictObject({
    user: userName,
    secret: v.pipe(v.string(), v.regex(/^[A-Z2-7]{32}$/)),
    step: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  }),
);

/** @throws when the file is there and isn't what we wrote: a log-in without its second factor would be worse than no start. */
export async function openSecondFactors(stateDir: string, log: Pick<Log, 'warn'>): Promise<SecondFactors> {
  const path = join(stateDir, 'secret', 'totp');
  return createSecondFactors({
    kept: await read(path),
    async save(factors) {
      await secretDir(stateDir);
      await atomicWrite(path, `${JSON.stringify(factors, null, 1)}\n`, 0o600);
    },
    issuer: `cdrd ${hostname()}`,
    limits: factorLimits,
    now: () => Math.floor(Date.now() / 1000),
    warn: (message, about) => log.warn(message, { ...about }),
  });
}

async function read(path: string) {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '[]';
    throw error;
  });
  try {
    return v.parse(FILE, JSON.parse(text));
  } catch {
    // Not with its cause: that would quote the secrets.
    throw new Error(`${path} is damaged: remove it, and who had a second factor sets it up anew`);
  }
}
