/**
 * Log-ins in the audit log, so few that neither a guesser nor a program that logs in for every request fills the flash:
 * one line in a while for each address and outcome, which counts those that had none.
 */
import type { StoreClient } from '../../storage/client.ts';
import { networkOf } from './throttle.ts';

export interface LoginAuditLimits {
  /** Seconds between two lines about one address (and, where it succeeded, one account). */
  readonly auditSeconds: number;
  /** Of those remembered at a time; beyond it the oldest goes, and with it its count. */
  readonly remembered: number;
}

export interface LoginAudit {
  /** @param what `login` for one that succeeded; `code.failed`: the password was right, and the code behind it wasn't. */
  note(what: 'login' | 'login.failed' | 'password.failed' | 'code.failed', user: string, address: string): void;
}

/** @param clock Monotonic milliseconds. */
export function createLoginAudit(
  store: StoreClient,
  limits: LoginAuditLimits,
  clock: () => number = () => performance.now(),
): LoginAudit {
  const told = new Map<string, { at: number; untold: number }>();

  return {
    note(what, user, address) {
      const now = clock();
      const key = what === 'login' ? `${what} ${user} ${address}` : `${what} ${networkOf(address)}`;
      const before = told.get(key);
      if (before && now - before.at < limits.auditSeconds * 1000) {
        before.untold++;
        return;
      }
      told.delete(key);
      const [oldest] = told.keys();
      if (told.size >= limits.remembered && oldest !== undefined) told.delete(oldest);
      told.set(key, { at: now, untold: 0 });
      const detail = before?.untold ? { user, untold: before.untold } : { user };
      // Whoever failed is nobody: the name typed is a claim. Not waited for: how long an answer takes tells nothing, and
      // a full disk keeps nobody out who would make room on it.
      const who = what === 'login.failed' ? '' : user;
      const audit = { who, address, action: what, detail };
      store.write({ kind: 'audit', audit }).catch(() => {});
    },
  };
}
