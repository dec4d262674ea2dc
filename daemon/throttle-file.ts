/**
 * What is remembered of wrong passwords, kept across restarts and kills in `state.dir/throttle` (of the AMI `throttle-ami`): written soon after the
 * first, and then seldom, so that who guesses wears no flash. It tells nobody anything: hashes, counts and waits.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createThrottle, readKept, type Throttle } from '../cgi/access/throttle.ts';
import { atomicWrite } from '../storage/atomic-write.ts';
import { sessionLimits, throttleFileLimits } from './limits.ts';
import type { Log } from './log.ts';

export interface ThrottleFileOptions {
  /** The state folder. */
  readonly dir: string;
  /** Of the file in it. */
  readonly name?: string;
  readonly log: Pick<Log, 'warn'>;
  readonly limits?: { readonly [Name in keyof typeof throttleFileLimits]: number };
}

export async function openThrottle(options: ThrottleFileOptions): Promise<Throttle & { close(): Promise<void> }> {
  const { dir, name = 'throttle', log, limits = throttleFileLimits } = options;
  const path = join(dir, name);
  const text = await readFile(path, 'utf8').catch(() => null); // none, or none that can be read: then it begins anew
  const from = text === null ? null : readKept(text);
  if (text !== null && from === null)
    log.warn('what was remembered of wrong passwords is damaged and forgotten', { path });
  const throttle = createThrottle(sessionLimits, { from, onFailure: note });

  let timer: NodeJS.Timeout | null = null;
  let writing: Promise<void> = Promise.resolve();
  let written = Number.NEGATIVE_INFINITY;
  let failed = false;

  function note(): void {
    if (timer) return;
    const wait = Math.max(limits.soonMs, written + limits.everyMs - performance.now());
    timer = setTimeout(() => {
      timer = null;
      writing = keep();
    }, wait);
    timer.unref();
  }

  /** Never rejects: a full disk keeps nobody from logging in. */
  async function keep(): Promise<void> {
    written = performance.now();
    try {
      await atomicWrite(path, `${JSON.stringify(throttle.kept())}\n`, 0o600);
      failed = false;
    } catch (error) {
      if (!failed)
        log.warn('wrong passwords are forgotten by the next restart: they can not be written down', { error });
      failed = true;
    }
  }

  return {
    ...throttle,
    get size() {
      return throttle.size;
    },
    async close() {
      const due = timer !== null;
      if (timer) clearTimeout(timer);
      timer = null;
      await writing;
      if (due) await keep();
    },
  };
}
