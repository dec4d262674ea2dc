/**
 * Mail by the system's sendmail. Inside the systemd unit no program may gain rights (NoNewPrivileges), which postfix's and
 * exim's sendmail need to; so a mail is laid into a folder, `state.dir/mail`, from which `send-mail` (etc/send-mail) hands
 * it on: started by systemd (cdrd-mail.path), or, where the daemon isn't held so, by the daemon itself. What became of it
 * is told by names: `ID.mail` waits, `ID.sending` is being handed on, `ID.failed` says why not, none of them: it is sent.
 */
import { readFileSync } from 'node:fs';
import { access, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { atomicWrite } from '../../storage/atomic-write.ts';
import { durableFolder } from '../../storage/durable-folder.ts';
import { printable } from '../printable.ts';

export interface SpoolLimits {
  /** Milliseconds between two looks at what has become of a mail. */
  readonly lookMs: number;
  /** Milliseconds until somebody takes a mail up, and until sendmail has taken it. */
  readonly takenMs: number;
  readonly sentMs: number;
}

export interface Spool {
  /** Hands a mail on, one at a time. @throws {Error} in words for people. */
  send(id: string, text: string): Promise<void>;
  close(): void;
}

export interface SpoolOptions {
  /** `state.dir/mail`. */
  readonly dir: string;
  /** Starts what empties the folder; null: systemd does. */
  readonly start: (() => Promise<void>) | null;
  readonly limits: SpoolLimits;
}

/** What is said when nobody takes a mail up. */
export const UNTAKEN = 'nobody took the mail from its folder: is cdrd-mail.path active?';

/** Characters of what sendmail complains of that are kept. */
const WHY_MAX = 300;

/** Whether the kernel lets no program that we start gain rights: then somebody beside us has to empty the folder. */
export function mayGainNothing(status = readFileSync('/proc/self/status', 'utf8')): boolean {
  return /^NoNewPrivs:\s*1$/m.test(status);
}

/**
 * What an earlier run left in the folder is thrown away: its messages are in the queue still. It is made for the first mail,
 * so that a start writes nothing: the disk may be full, or read-only.
 */
export async function openSpool({ dir, start, limits }: SpoolOptions): Promise<Spool> {
  for (const name of await readdir(dir).catch(() => [])) await rm(join(dir, name), { force: true }).catch(() => {});
  const stop = new AbortController();

  const isThere = (path: string) =>
    access(path).then(
      () => true,
      () => false,
    );

  /** Waits while the file is there. @returns whether it went in time. */
  async function gone(path: string, ms: number): Promise<boolean> {
    for (let left = ms; left > 0; left -= limits.lookMs) {
      if (!(await isThere(path))) return true;
      await pause(limits.lookMs, undefined, { ref: false, signal: stop.signal });
    }
    return !(await isThere(path));
  }

  async function handOn(id: string, text: string): Promise<void> {
    const file = (kind: string) => join(dir, `${id}.${kind}`);
    await durableFolder(dir, 0o700);
    await atomicWrite(file('mail'), text, 0o600);
    await start?.();
    if (!(await gone(file('mail'), limits.takenMs))) {
      await rm(file('mail'), { force: true });
      throw new Error(UNTAKEN);
    }
    if (!(await gone(file('sending'), limits.sentMs))) throw new Error('sendmail has not come back');
    const why = await readFile(file('failed'), 'utf8').catch(() => null);
    if (why === null) return;
    await rm(file('failed'), { force: true });
    throw new Error(`sendmail: ${printable(why.trim().slice(0, WHY_MAX)) || 'it failed without a word'}`);
  }

  let last: Promise<unknown> = Promise.resolve();
  return {
    send(id, text) {
      const turn = last.then(() => handOn(id, text));
      last = turn.catch(() => {});
      return turn;
    },
    close: () => stop.abort(),
  };
}
