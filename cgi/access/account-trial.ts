/**
 * Somebody's own role, or account, on trial (cgi/trial): it holds for whoever logs in from now on, and is written down when it
 * is confirmed; until then the store knows nothing of it.
 */
import type { StoreClient } from '../../storage/client.ts';
import type { Role } from '../../storage/model/rights.ts';
import type { AuditLine, By } from '../../storage/sql/audit.ts';
import type { User } from '../../storage/store.ts';
import type { Begun, Trials } from '../trial/port.ts';

export interface AccountTrialParts {
  readonly store: Pick<StoreClient, 'write'>;
  /** null: there are none. */
  readonly trials: Pick<Trials, 'begin'> | null;
  /** One change of accounts after the other. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** Ends what was opened with the account as it was. */
  changed(name: string): void;
  /** An account has gone for good. */
  gone(name: string): Promise<void>;
}

export interface AccountTrials {
  has(name: string): boolean;
  /** An account as it holds at this moment; null: there is none. */
  seen(user: User | null): User | null;
  /** @param role null: the account goes. @throws {CgiError} `conflict` */
  begin(user: User, role: Role | null, by: By, seconds: number): Promise<Begun>;
}

export function createAccountTrials({ store, trials, inTurn, changed, gone }: AccountTrialParts): AccountTrials {
  const tried = new Map<string, Role | null>();
  return {
    has: (name) => tried.has(name),
    seen(user) {
      const role = user ? tried.get(user.name) : undefined;
      return user && role !== undefined ? role && { ...user, role } : user;
    },
    async begin(user, role, by, seconds) {
      if (!trials) throw new Error('there are no trials here');
      const { name } = user;
      return trials.begin({
        what: [role ? `role of ${name}` : `account ${name}`],
        ...{ seconds, by, doors: null, byAnother: role === null, location: null },
        apply() {
          tried.set(name, role);
          changed(name);
        },
        keep: (keeper, note) =>
          inTurn(async () => {
            const audit: AuditLine = role
              ? { ...keeper, action: 'user.set', detail: { user: name, role } }
              : { ...keeper, action: 'user.removed', detail: { user: name } };
            await Promise.all([
              store.write(role ? { kind: 'user', user: { ...user, role }, audit } : { kind: 'userGone', name, audit }),
              store.write({ kind: 'setting', ...note }),
            ]);
            tried.delete(name);
            if (role === null) await gone(name);
          }),
        back() {
          tried.delete(name);
          changed(name);
        },
      });
    },
  };
}
