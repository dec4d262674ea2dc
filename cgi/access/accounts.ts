/** Accounts: who may log in, how they are changed, and that one admin stays. */
import { randomBytes } from 'node:crypto';
import type { StoreClient } from '../../storage/client.ts';
import type { Role } from '../../storage/model/rights.ts';
import type { AuditLine, By } from '../../storage/sql/audit.ts';
import type { NewUser, User } from '../../storage/store.ts';
import { type AuditNoteLimits, type AuditNotes, createAuditNotes } from '../audit/notes.ts';
import { CgiError } from '../reply.ts';
import type { Begun, Trials } from '../trial/port.ts';
import { type AccountFactors, createAccountFactors, NO_FACTORS } from './account-factors.ts';
import { createAccountTrials } from './account-trial.ts';
import { createDevices, type Devices } from './device.ts';
import type { GateLimits } from './gate.ts';
import { createLoginAudit } from './login-audit.ts';
import { createPasswordChecks } from './password-check.ts';
import type { SecondFactors } from './second-factor.ts';
import type { Caller, Sessions } from './session.ts';
import { createThrottle, type Throttle, type ThrottleLimits } from './throttle.ts';

export interface Accounts extends AccountFactors {
  /** Password, and code where the account has a second factor, against a session; null whatever is wrong. @throws {CgiError} `busy` */
  logIn(user: string, digest: string, address: string, more?: LogInMore): Promise<LoggedIn | null>;
  /**
   * Whose name and password these are, for a program that sends both with each request; null whatever is wrong, and for an
   * account that has a second factor. No session begins. @throws {CgiError} `busy`
   */
  verify(user: string, digest: string, address: string): Promise<Caller | null>;
  list(): Promise<readonly AccountShown[]>;
  /** null: there is none. */
  find(user: string): Promise<AccountShown | null>;
  /**
   * Makes the account or changes it, and ends its sessions.
   * @param account `isInitial`: nobody has chosen the password, so whoever logs in by it is asked for another.
   */
  put(account: Caller & { readonly digest: string; readonly isInitial?: boolean }, by: By): Promise<void>;
  /**
   * The same for what a page sends: of an account that is there, role or password may be left as they are.
   * @param seconds Of the trial on which who takes away his own rights puts that; undefined: there is none.
   * @returns that trial; null: it is done.
   * @throws {CgiError} `conflict` when no admin or too many accounts would be left; `invalid` for a new one without both.
   */
  set(change: AccountChange, by: By, seconds?: number): Promise<Begun | null>;
  /** @param keep Token of the session that goes on. @throws {CgiError} `busy`; `invalid` when the old one is wrong. */
  changePassword(user: string, change: PasswordChange, by: By, keep: string | null): Promise<void>;
  /** @param seconds Likewise, for one's own. @throws {CgiError} `not_found`; `conflict` for the last admin. */
  remove(user: string, by: By, seconds?: number): Promise<Begun | null>;
}

/** An account as it is shown. */
export interface AccountShown extends Caller {
  readonly hasFactor: boolean;
  /** Its password was chosen by somebody else, or by nobody. */
  readonly isInitial: boolean;
  /** When somebody last logged in by it, epoch seconds, after a restart to some minutes; null: nobody has. */
  readonly usedAt: number | null;
}

/** What else a client sends when it logs in. */
export interface LogInMore {
  /** What it says of itself. */
  readonly agent?: string;
  /** The cookie by which a browser that has logged in before is known. */
  readonly device?: string | null;
  /** Of the second factor, six digits. */
  readonly code?: string | undefined;
}

export interface LoggedIn extends Caller {
  readonly token: string;
  /** Epoch milliseconds at the latest. */
  readonly ends: number;
  /** The cookie by which the browser will be known. */
  readonly device: string;
}

export interface AccountChange {
  readonly user: string;
  readonly role: Role | undefined;
  readonly digest: string | undefined;
}

export interface PasswordChange {
  readonly old: string;
  readonly fresh: string;
}

export type AccountLimits = GateLimits &
  ThrottleLimits & {
    /** Of log-ins in the audit log, where they have notes of their own. */
    readonly audit: AuditNoteLimits;
    /** Accounts at most. */
    readonly accounts: number;
  };

/** What is done elsewhere. */
export interface AccountParts {
  /** Called when a user's password is another one, or none any more. */
  passwordChanged(user: string): Promise<void>;
  /** What happens often, in the audit log. */
  readonly notes: AuditNotes;
  readonly throttle: Throttle;
  readonly devices: Devices;
  readonly factors: SecondFactors;
  /** Epoch seconds. */
  now(): number;
  /** Where a change goes by which somebody takes away his own rights. */
  readonly trials: Pick<Trials, 'begin' | 'refuseMeanwhile' | 'drop'> | null;
}

/** Seconds between two notes of an account's use: a program that logs in for each request must not wear the flash. */
const USED_SECONDS = 600;

/** @param sessions null: nobody logs in here. */
export function createAccounts(
  store: StoreClient,
  sessions: Sessions | null,
  limits: AccountLimits,
  {
    passwordChanged = async () => {},
    notes = createAuditNotes(store, limits.audit),
    throttle = createThrottle(limits),
    devices = createDevices(randomBytes(32)),
    factors = NO_FACTORS,
    now = () => Math.floor(Date.now() / 1000),
    trials = null,
  }: Partial<AccountParts> = {},
): Accounts {
  const logins = createLoginAudit(notes);
  const inTurn = createTurns();
  /** Rises with every change of an account: a check that one overtook looks again. */
  let changes = 0;

  /** When accounts were last used, since the start. */
  const used = new Map<string, number>();

  /** The next of this name is somebody else. */
  async function gone(name: string): Promise<void> {
    used.delete(name);
    await passwordChanged(name); // its first one opens nothing any more
    await factors.remove(name);
  }

  const onTrial = createAccountTrials({
    ...{ store, trials, inTurn },
    changed: (name) => changed(name, null),
    ...{ gone, leaveAnAdmin },
  });
  /** As it holds at this moment. */
  const userNow = async (name: string) => onTrial.seen(await store.ask('user', name));
  const usersNow = async () => (await store.ask('users')).flatMap((user) => onTrial.seen(user) ?? []);
  const { check, hashOf } = createPasswordChecks(limits, { throttle, factors, userNow });

  /** Changes with all that a log-in needs. */
  const loginMark = (name: string, user: User | null) => `${user?.hash ?? ''} ${factors.markOf(name)}`;

  /** The password of somebody who is logged in, asked for once more; the code too, unless it is null. */
  async function prove(name: string, digest: string, code: string | undefined | null, address: string) {
    const checked = await check(name, digest, code, { address, device: null });
    if ('user' in checked) return checked.user;
    logins.note(checked.wrong === 'code' ? 'code.failed' : 'password.failed', name, address);
    return null;
  }

  /** Writes an account as it shall be. */
  async function write(user: NewUser, by: By, action: string, keep: string | null = null): Promise<void> {
    const { name, role } = user;
    changes++;
    const audit: AuditLine = { ...by, action, detail: { user: name, role } };
    await store.write({ kind: 'user', user, audit });
    sessions?.endUser(name, keep);
  }

  const changed = (name: string, keep: string | null): void => {
    changes++;
    sessions?.endUser(name, keep);
  };

  function noteUse({ name, usedAt }: User): void {
    const at = now();
    used.set(name, at);
    if (usedAt !== null && Math.abs(at - usedAt) < USED_SECONDS) return;
    store.write({ kind: 'userUsed', name, at }).catch(() => {}); // by a full disk nobody is kept out
  }

  const shown = ({ name, role, isInitial, usedAt }: User): AccountShown => ({
    ...{ user: name, role, isInitial, usedAt: used.get(name) ?? usedAt },
    hasFactor: factors.has(name),
  });

  /** @throws {CgiError} `conflict` */
  async function leaveAnAdmin(without: string): Promise<void> {
    const others = (await usersNow()).filter(({ name, role }) => role === 'admin' && name !== without);
    if (others.length === 0) throw new CgiError('conflict', `${without} is the last admin: make another one first`);
  }

  return {
    async logIn(name, digest, address, { agent = '', device = null, code } = {}) {
      if (!sessions) throw new Error('nobody logs in here');
      const before = changes;
      const needsCode = factors.has(name);
      const known = devices.looksLike(device) ? devices.idOf(device, name, loginMark(name, await userNow(name))) : null;
      const checked = await check(name, digest, code, { address, device: known });
      let user = 'user' in checked ? checked.user : null;
      // While it was checked the account may have been changed, and its sessions ended: none may begin after that.
      for (let seen = before; user && seen !== changes; ) {
        seen = changes;
        const now = await userNow(name);
        user = now?.hash === user.hash && factors.has(name) === needsCode ? now : null;
      }
      const failed = 'wrong' in checked && checked.wrong === 'code' ? 'code.failed' : 'login.failed';
      // A name of nobody's may be a password in the wrong field: it must not rest anywhere.
      const isNobody = 'wrong' in checked && !checked.isThere;
      logins.note(user ? 'login' : failed, isNobody ? '' : name, address);
      if (!user) return null;
      noteUse(user);
      const caller = { user: user.name, role: user.role };
      return {
        ...caller,
        ...sessions.begin(caller, { address, agent }),
        device: devices.cookieFor(name, loginMark(name, user), known),
      };
    },
    async verify(name, digest, address) {
      const checked = await check(name, digest, undefined, { address, device: null });
      if ('user' in checked) {
        logins.note('login', name, address);
        noteUse(checked.user);
        return { user: checked.user.name, role: checked.user.role };
      }
      logins.note(checked.wrong === 'code' ? 'code.failed' : 'login.failed', checked.isThere ? name : '', address);
      return null;
    },
    async list() {
      return (await usersNow()).map(shown);
    },
    async find(name) {
      const user = await userNow(name);
      return user && shown(user);
    },
    put: ({ user, role, digest, isInitial = false }, by) =>
      inTurn(async () => {
        if (onTrial.has(user)) {
          onTrial.overtake(user);
          await trials?.drop(`${user} was set by ${by.who}`);
        }
        await write({ name: user, role, hash: await hashOf(digest), isInitial }, by, 'user.set');
      }),
    set: ({ user, role, digest }, by, seconds) =>
      inTurn(async () => {
        if (onTrial.has(user)) trials?.refuseMeanwhile('UserName');
        const known = await store.ask('user', user);
        if (!known) {
          if (OTHERS.has(user.toLowerCase()))
            throw new CgiError('invalid', `UserName must not be ${user}: the audit log calls others so`, 'UserName');
          if (!role) throw new CgiError('invalid', 'role is missing: the account is new', 'role');
          if (!digest) throw new CgiError('invalid', 'Password is missing: the account is new', 'Password');
          if ((await store.ask('users')).length >= limits.accounts)
            throw new CgiError('conflict', `there are ${limits.accounts} accounts already: remove one first`);
          await factors.remove(user); // of one that went while the disk was full
        } else if (known.role === 'admin' && role && role !== 'admin') await leaveAnAdmin(user);
        if (
          seconds !== undefined &&
          trials !== null &&
          user === by.who &&
          known?.role === 'admin' &&
          role === 'monitor'
        ) {
          if (digest) throw new CgiError('invalid', 'Password can not go on trial: change it by itself', 'Password');
          return onTrial.begin(known, role, by, seconds);
        }
        const hash = digest ? await hashOf(digest) : (known?.hash ?? '');
        // Who sets the own password here has chosen it; another's is to be asked for one.
        const isInitial = digest ? by.who !== user : known?.isInitial === true;
        await write({ name: user, role: role ?? known?.role ?? 'monitor', hash, isInitial }, by, 'user.set');
        if (digest) await passwordChanged(user);
        return null;
      }),
    async changePassword(name, { old, fresh }, by, keep) {
      const user = await prove(name, old, null, by.address);
      if (!user) throw new CgiError('invalid', 'OldPassword is not your password', 'OldPassword');
      // Not before: who guesses waits for the next try, and an admin who changes accounts must not wait with it.
      await inTurn(async () => {
        const now = await store.ask('user', name);
        if (now?.hash !== user.hash) throw new CgiError('conflict', 'the account was changed meanwhile');
        const isInitial = now.isInitial && fresh === old; // the same again is none of one's own
        await write({ ...now, hash: await hashOf(fresh), isInitial }, by, 'password.changed', keep);
        await passwordChanged(name);
      });
    },
    remove: (name, by, seconds) =>
      inTurn(async () => {
        if (onTrial.has(name)) trials?.refuseMeanwhile('UserName');
        const user = await store.ask('user', name);
        if (!user) throw new CgiError('not_found', `there is no account ${name}`, 'UserName');
        if (user.role === 'admin') await leaveAnAdmin(name);
        if (seconds !== undefined && trials !== null && name === by.who) return onTrial.begin(user, null, by, seconds);
        changes++;
        await store.write({ kind: 'userGone', name, audit: { ...by, action: 'user.removed', detail: { user: name } } });
        sessions?.endUser(name);
        await gone(name);
        return null;
      }),
    ...createAccountFactors({
      store,
      factors,
      proves: async (...shown) => (await prove(...shown)) !== null,
      changed,
    }),
  };
}

/** One after the other: two admins must not demote each other at the same moment. */
function createTurns() {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work, work);
    last = turn.catch(() => {});
    return turn;
  };
}

/** Who else the audit log names: the command line, and the box itself. */
const OTHERS: ReadonlySet<string> = new Set(['console', 'cdrd']);

/** The two accounts that every box begins with. */
export const FIRST_ACCOUNTS: readonly { readonly user: string; readonly role: Role }[] = [
  { user: 'admin', role: 'admin' },
  { user: 'monitor', role: 'monitor' },
];
