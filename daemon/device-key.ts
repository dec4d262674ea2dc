/** The key by which a browser that has logged in before is known (cgi/access/device.ts), made once for each box. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { atomicWrite } from '../storage/atomic-write.ts';
import type { Log } from './log.ts';
import { secretDir } from './state.ts';

const BYTES = 32;

/** Where it can't be kept, one that holds until the next start: browsers are strangers once more then. */
export async function deviceKey(stateDir: string, log: Pick<Log, 'warn'>): Promise<Buffer> {
  const fresh = randomBytes(BYTES);
  try {
    const path = join(await secretDir(stateDir), 'device-key');
    const known = await readFile(path).catch(() => null);
    if (known?.length === BYTES) return known;
    await atomicWrite(path, fresh, 0o600);
  } catch (error) {
    log.warn('the key by which browsers are known again can not be kept', { error });
  }
  return fresh;
}
