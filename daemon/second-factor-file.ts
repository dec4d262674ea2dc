/** Where the secrets of second factors lie: `state.dir/secret/totp`, 0600, and never in the store, a backup or the log. */
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { createSecondFactors, lostFactors, type SecondFactors } from '../cgi/access/second-factor.ts';
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

/** A damaged file keeps nobody's calls from being taken in: but nobody logs in by password until somebody has looked at it. */
export async function openSecondFactors(stateDir: string, log: Pick<Log, 'warn' | 'error'>): Promise<SecondFactors> {
  const path = join(stateDir, 'secret', 'totp');
  const kept = await read(path);
  if (!kept) {
    const trouble = `${path} can not be read or is damaged: nobody logs in by password. Remove it and start cdrd again`;
    log.error(trouble, { after: 'who had a second factor logs in without one, and sets it up anew' });
    return lostFactors(trouble);
  }
  return createSecondFactors({
    kept,
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

/** null: it is there and isn't what we wrote. Why is not told: that would quote the secrets. */
async function read(path: string) {
  try {
    return v.parse(FILE, JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? [] : null;
  }
}
