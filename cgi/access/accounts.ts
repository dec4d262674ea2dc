/** Accounts: who may log in, checked at one pace whoever asks, so that a stranger can't tell which names exist. */
import type { StoreClient } from '../../storage/client.ts';
import type { Role } from '../../storage/model/rights.ts';
import type { AuditLine, By } from '../../storage/sql/audit.ts';
import { CgiError } from '../reply.ts';
import { digestMatches, hashDigest, NOBODY } from './password.ts';
import type { Caller, Sessions } from './session.ts';

export interface Accounts {
  /** The caller, or null for an unknown user and a wrong password alike. @throws {CgiError} `busy` */
  check(user: string, digest: string): Promise<Caller | null>;
  /** Makes the account or changes it, and ends its sessions. */
  put(account: Caller & { readonly digest: string }, by: By): Promise<void>;
}

export interface CheckLimits {
  readonly checks: number;
  readonly checksWaiting: number;
}

export function createAccounts(store: StoreClient, sessions: Sessions | null, limits: CheckLimits): Accounts {
  const gate = createGate(limits);

  return {
    check: (name, digest) =>
      gate(async () => {
        const user = await store.ask('user', name);
        const right = await digestMatches(digest, user?.hash ?? NOBODY);
        return user && right ? { user: user.name, role: user.role } : null;
      }),
    async put({ user, role, digest }, by) {
      const hash = await hashDigest(digest);
      const audit: AuditLine = { ...by, action: 'user.set', detail: { user, role } };
      await store.write({ kind: 'user', user: { name: user, role, hash }, audit });
      sessions?.endUser(user);
    },
  };
}

/** Lets a few run at a time and a few more wait. */
function createGate(limits: CheckLimits) {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= limits.checks) {
      if (waiting.length >= limits.checksWaiting) throw new CgiError('busy', 'too many log-ins at a time');
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next)
        next(); // it takes this one's place
      else running--;
    }
  };
}

/** The two accounts that every box begins with. */
export const FIRST_ACCOUNTS: readonly { readonly user: string; readonly role: Role }[] = [
  { user: 'admin', role: 'admin' },
  { user: 'monitor', role: 'monitor' },
];
