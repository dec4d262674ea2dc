/**
 * Somebody's own role, or account, on trial (cgi/trial): it holds for whoever logs in from now on, and is written down when it
 * is confirmed; until then the store knows nothing of it.
 */
import type { StoreClient } from '../../storage/client.ts';
import type { Role } from '../../storage/model/rights.ts';
import type { AuditLine, By } from '../../storage/sql/audit.ts';
import type { User } from '../../storage/store.ts';
import { CgiError } from '../reply.ts';
import type { Begun, Trials } from '../trial/port.ts';

export interface AccountTrialParts {
  readonly store: Pick<StoreClient, 'ask' | 'write'>;
  /** null: there are none. */
  readonly trials: Pick<Trials, 'begin'> | null;
  /** One change of accounts after the other. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** Ends what was opened with the account as it was. */
  changed(name: string): void;
  /** An account has gone for good. */
  gone(name: string): Promise<void>;
  /** @throws {CgiError} `conflict` when there is no other admin. */
  leaveAnAdmin(without: string): Promise<void>;
}

export interface AccountTrials {
  /** From the moment when it is asked for, before it holds. */
  has(name: string): boolean;
  /** The account is set by other means: what is on trial of it can't be kept any more. */
  overtake(name: string): void;
  /** An account as it holds at this moment; null: there is none. */
  seen(user: User | null): User | null;
  /** @param role null: the account goes. @throws {CgiError} `conflict` */
  begin(user: User, role: Role | null, by: By, seconds: number): Promise<Begun>;
}

export function createAccountTrials(parts: AccountTrialParts): AccountTrials {
  const { store, trials, inTurn, changed, gone, leaveAnAdmin } = parts;
  const begun = new Set<string>();
  /** Those that hold. */
  const tried = new Map<string, Role | null>();
  const ended = (name: string) => {
    begun.delete(name);
    tried.delete(name);
  };
  return {
    has: (name) => begun.has(name),
    overtake: ended,
    seen(user) {
      const role = user ? tried.get(user.name) : undefined;
      return user && role !== undefined ? role && { ...user, role } : user;
    },
    async begin(user, role, by, seconds) {
      if (!trials) throw new Error('there are no trials here');
      const { name } = user;
      const trial = await trials.begin({
        what: [role ? `role of ${name}` : `account ${name}`],
        ...{ seconds, by, doors: null, byAnother: role === null, location: null },
        apply() {
          tried.set(name, role);
          changed(name);
        },
        keep: (keeper, note) =>
          inTurn(async () => {
            // Its owner may have chosen another password meanwhile, and the only other admin may be none any more.
            const now = await store.ask('user', name);
            if (!now || !begun.has(name)) throw new CgiError('conflict', `the account ${name} was changed meanwhile`);
            if (now.role === 'admin') await leaveAnAdmin(name);
            const audit: AuditLine = role
              ? { ...keeper, action: 'user.set', detail: { user: name, role } }
              : { ...keeper, action: 'user.removed', detail: { user: name } };
            await Promise.all([
              store.write(role ? { kind: 'user', user: { ...now, role }, audit } : { kind: 'userGone', name, audit }),
              store.write({ kind: 'setting', ...note }),
            ]);
            ended(name);
            if (role === null) await gone(name);
          }),
        back() {
          ended(name);
          changed(name);
        },
      });
      begun.add(name);
      return trial;
    },
  };
}
