/** Accounts: who may log in, checked at one pace whoever asks, so that a stranger can't tell which names exist. */
import { randomBytes } from 'node:crypto';
import type { StoreClient } from '../../storage/client.ts';
import type { Role } from '../../storage/model/rights.ts';
import type { AuditLine, By } from '../../storage/sql/audit.ts';
import type { User } from '../../storage/store.ts';
import { CgiError } from '../reply.ts';
import { createDevices, type Devices } from './device.ts';
import { createGate, type GateLimits, type Waiter } from './gate.ts';
import { createLoginAudit, type LoginAuditLimits } from './login-audit.ts';
import { digestMatches, hashDigest, NOBODY } from './password.ts';
import type { Caller, Sessions } from './session.ts';
import { createThrottle, networkOf, type Throttle, type ThrottleLimits } from './throttle.ts';

export interface Accounts {
  /** Password against a session; null for an unknown user and a wrong password alike. @throws {CgiError} `busy` */
  logIn(user: string, digest: string, address: string, more?: LogInMore): Promise<LoggedIn | null>;
  list(): Promise<readonly Caller[]>;
  /** Makes the account or changes it, and ends its sessions. */
  put(account: Caller & { readonly digest: string }, by: By): Promise<void>;
  /**
   * The same for what a page sends: of an account that is there, role or password may be left as they are.
   * @throws {CgiError} `conflict` when no admin or too many accounts would be left; `invalid` for a new one without both.
   */
  set(change: AccountChange, by: By): Promise<void>;
  /** @param keep Token of the session that goes on. @throws {CgiError} `busy`; `invalid` when the old one is wrong. */
  changePassword(user: string, change: PasswordChange, by: By, keep: string | null): Promise<void>;
  /** @throws {CgiError} `not_found`; `conflict` for the last admin. */
  remove(user: string, by: By): Promise<void>;
}

/** What else a client sends when it logs in. */
export interface LogInMore {
  /** What it says of itself. */
  readonly agent?: string;
  /** The cookie by which a browser that has logged in before is known. */
  readonly device?: string | null;
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
  ThrottleLimits &
  LoginAuditLimits & {
    /** Accounts at most. */
    readonly accounts: number;
  };

/** What is done elsewhere. */
export interface AccountParts {
  /** Called when a user's password is another one, or none any more. */
  passwordChanged(user: string): Promise<void>;
  readonly throttle: Throttle;
  readonly devices: Devices;
}

/** @param sessions null: nobody logs in here. */
export function createAccounts(
  store: StoreClient,
  sessions: Sessions | null,
  limits: AccountLimits,
  {
    passwordChanged = async () => {},
    throttle = createThrottle(limits),
    devices = createDevices(randomBytes(32)),
  }: Partial<AccountParts> = {},
): Accounts {
  const gate = createGate(limits);
  const logins = createLoginAudit(store, limits);
  const inTurn = createTurns();
  /** Rises with every change of an account: a check that one overtook looks again. */
  let changes = 0;

  /** Whether this is the user's password, at the pace for guesses. @param device Id of a browser known to this user. */
  async function check(name: string, digest: string, address: string, device: string | null): Promise<User | null> {
    const done = throttle.begin(address, name, device);
    let right: boolean | null = null;
    try {
      return await gate(waiterOf(address, device), async () => {
        const user = await store.ask('user', name);
        right = (await digestMatches(digest, user?.hash ?? NOBODY)) && user !== null;
        return right ? user : null;
      });
    } finally {
      done(right);
    }
  }

  /** The password of somebody who is logged in, asked for once more. */
  async function ownPassword(name: string, digest: string, address: string): Promise<User | null> {
    const user = await check(name, digest, address, null);
    if (!user) logins.note('password.failed', name, address);
    return user;
  }

  /** A new password's hash: it costs what a check costs, so it takes its turn with them. */
  const hashOf = (digest: string) => gate({ known: true, id: 'hash' }, () => hashDigest(digest));

  /** Writes an account as it shall be. */
  async function write({ name, role, hash }: User, by: By, action: string, keep: string | null = null): Promise<void> {
    changes++;
    const audit: AuditLine = { ...by, action, detail: { user: name, role } };
    await store.write({ kind: 'user', user: { name, role, hash }, audit });
    sessions?.endUser(name, keep);
  }

  /** @throws {CgiError} `conflict` */
  async function leaveAnAdmin(without: string): Promise<void> {
    const others = (await store.ask('users')).filter(({ name, role }) => role === 'admin' && name !== without);
    if (others.length === 0) throw new CgiError('conflict', `${without} is the last admin: make another one first`);
  }

  return {
    async logIn(name, digest, address, { agent = '', device = null } = {}) {
      if (!sessions) throw new Error('nobody logs in here');
      const before = changes;
      const known = devices.idOf(device, name);
      let user = await check(name, digest, address, known);
      // While it was checked the account may have been changed, and its sessions ended: none may begin after that.
      for (let seen = before; user && seen !== changes; ) {
        seen = changes;
        const now = await store.ask('user', name);
        user = now?.hash === user.hash ? now : null;
      }
      logins.note(user ? 'login' : 'login.failed', name, address);
      if (!user) return null;
      const caller = { user: user.name, role: user.role };
      return { ...caller, ...sessions.begin(caller, { address, agent }), device: devices.cookieFor(name, known) };
    },
    async list() {
      return (await store.ask('users')).map(({ name, role }) => ({ user: name, role }));
    },
    put: ({ user, role, digest }, by) =>
      inTurn(async () => write({ name: user, role, hash: await hashOf(digest) }, by, 'user.set')),
    set: ({ user, role, digest }, by) =>
      inTurn(async () => {
        const known = await store.ask('user', user);
        if (!known) {
          if (!role) throw new CgiError('invalid', 'role is missing: the account is new', 'role');
          if (!digest) throw new CgiError('invalid', 'Password is missing: the account is new', 'Password');
          if ((await store.ask('users')).length >= limits.accounts)
            throw new CgiError('conflict', `there are ${limits.accounts} accounts already: remove one first`);
        } else if (known.role === 'admin' && role && role !== 'admin') await leaveAnAdmin(user);
        const hash = digest ? await hashOf(digest) : (known?.hash ?? '');
        await write({ name: user, role: role ?? known?.role ?? 'monitor', hash }, by, 'user.set');
        if (digest) await passwordChanged(user);
      }),
    async changePassword(name, { old, fresh }, by, keep) {
      const user = await ownPassword(name, old, by.address);
      if (!user) throw new CgiError('invalid', 'OldPassword is not your password', 'OldPassword');
      // Not before: who guesses waits for the next try, and an admin who changes accounts must not wait with it.
      await inTurn(async () => {
        const now = await store.ask('user', name);
        if (now?.hash !== user.hash) throw new CgiError('conflict', 'the account was changed meanwhile');
        await write({ ...now, hash: await hashOf(fresh) }, by, 'password.changed', keep);
        await passwordChanged(name);
      });
    },
    remove: (name, by) =>
      inTurn(async () => {
        const user = await store.ask('user', name);
        if (!user) throw new CgiError('not_found', `there is no account ${name}`, 'UserName');
        if (user.role === 'admin') await leaveAnAdmin(name);
        changes++;
        await store.write({ kind: 'userGone', name, audit: { ...by, action: 'user.removed', detail: { user: name } } });
        sessions?.endUser(name);
        await passwordChanged(name); // its first one opens nothing any more
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

/** With whom a check waits. */
function waiterOf(address: string, device: string | null): Waiter {
  return device === null ? { known: false, id: networkOf(address) } : { known: true, id: `device ${device}` };
}

/** The two accounts that every box begins with. */
export const FIRST_ACCOUNTS: readonly { readonly user: string; readonly role: Role }[] = [
  { user: 'admin', role: 'admin' },
  { user: 'monitor', role: 'monitor' },
];
