/**
 * Slows down whoever guesses passwords. Each wrong one makes the next try from that address wait longer; how long also
 * follows how often the account was tried from anywhere. A wait is only ever set by the waiting address's own failure and
 * has an end, so nobody can keep the owner out from elsewhere. Behind the owner's own address somebody could, by taking each
 * try that becomes free: so browsers that have logged in before (device.ts) are counted by themselves. Names that don't
 * exist are treated like those that do. What is remembered can be kept across a restart; it holds no name and no address,
 * only hashes of them, and no time of the clock: how long a wait has still to go, as if none had passed meanwhile.
 */
import { hash, randomBytes } from 'node:crypto';
import { networkOf } from '../../storage/model/address.ts';
import { CgiError } from '../reply.ts';

export interface ThrottleLimits {
  /** Wrong passwords without a wait: of one account from one address, of all accounts from one, of one from everywhere. */
  readonly freePair: number;
  readonly freeAddress: number;
  readonly freeAccount: number;
  /** Wrong codes behind the right password of one account, from everywhere, without a wait. */
  readonly freeCodes: number;
  /** Longest wait in seconds. The first is one second, each further failure doubles it. */
  readonly waitSeconds: number;
  /** Seconds without a failure after which it is forgotten. */
  readonly forgetSeconds: number;
  /** Addresses, accounts, pairs and devices remembered, of each; beyond it the one whose last failure is oldest goes. */
  readonly remembered: number;
  /** Of those, of each the latest so many are kept across a restart. */
  readonly kept: number;
}

export interface Throttle {
  /**
   * A try begins. @param device Id of the browser, where it has logged in to this account before; else null.
   * @returns what is to be called with its outcome, exactly once.
   * @throws {CgiError} `busy` with the seconds to wait; the password is not looked at then.
   */
  begin(address: string, account: string, device?: string | null): (right: boolean | null) => void;
  /** The same for a code behind a right password: one waits with all who try that account. null: the wait isn't over. */
  beginCode(account: string): ((right: boolean) => void) | null;
  /** Entries held. */
  readonly size: number;
  /** What is to be kept across a restart. */
  kept(): Kept;
}

const KINDS = ['pair', 'address', 'account', 'device', 'code'] as const;
type Kind = (typeof KINDS)[number];

/** Plain data. */
export interface Kept {
  /** Of the hashes. */
  readonly salt: string;
  readonly entries: readonly KeptEntry[];
}

export interface KeptEntry {
  readonly kind: Kind;
  readonly key: string;
  readonly failures: number;
  /** Seconds that the wait has still to go, and since the last failure. */
  readonly wait: number;
  readonly ago: number;
}

interface Entry {
  failures: number;
  /** Tries under way: each may yet turn out wrong. */
  pending: number;
  /** No try before. */
  until: number;
  last: number;
}

/** Seconds to come again when tries under way leave no room for another. */
const PENDING_SECONDS = 2;

export interface ThrottleOptions {
  /** Monotonic milliseconds. */
  readonly clock?: () => number;
  /** What was kept. */
  readonly from?: Kept | null;
  /** Called after each failure: there is something new to be kept. */
  readonly onFailure?: () => void;
}

export function createThrottle(limits: ThrottleLimits, options: ThrottleOptions = {}): Throttle {
  const { clock = () => performance.now(), from = null, onFailure = () => {} } = options;
  const salt = from?.salt ?? randomBytes(16).toString('base64url');
  // Each map's order is that of the last failure.
  const maps = Object.fromEntries(KINDS.map((kind) => [kind, new Map()])) as Record<Kind, Map<string, Entry>>;
  for (const { kind, key, failures, wait, ago } of from?.entries ?? []) {
    if (maps[kind].size >= limits.remembered) continue;
    const until = clock() + Math.min(wait, limits.waitSeconds) * 1000;
    maps[kind].set(key, { failures, pending: 0, until, last: clock() - ago * 1000 });
  }

  /** Cut short: 96 bits of it tell any two of a thousand apart. */
  const keyOf = (kind: Kind, text: string) => hash('sha256', `${salt} ${kind} ${text}`, 'base64url').slice(0, 16);

  /** The entry of a key, made when there is none; what was long ago is forgotten. */
  function entryOf(kind: Kind, key: string): Entry {
    const map = maps[kind];
    const now = clock();
    const known = map.get(key);
    if (known && (known.pending > 0 || now - known.last < limits.forgetSeconds * 1000)) return known;
    const fresh: Entry = { failures: 0, pending: 0, until: 0, last: now };
    map.delete(key);
    for (const [other] of map) {
      if (map.size < limits.remembered) break;
      map.delete(other);
    }
    map.set(key, fresh);
    return fresh;
  }

  /** Seconds after this many failures. */
  const waitOf = (failures: number, free: number) =>
    failures <= free ? 0 : Math.min(limits.waitSeconds, 2 ** Math.min(failures - free - 1, 30));

  function refuse({ failures, pending, until }: Entry, free: number): void {
    const wait = Math.ceil((until - clock()) / 1000);
    if (wait > 0) throw new CgiError('busy', `too many wrong passwords: wait ${wait} s`, undefined, wait);
    if (pending > 0 && failures + pending >= free)
      throw new CgiError('busy', 'too many log-ins at a time', undefined, PENDING_SECONDS);
  }

  /** Counts one more. */
  function fail(kind: Kind, key: string, entry: Entry): void {
    const map = maps[kind];
    entry.failures++;
    entry.last = clock();
    if (map.get(key) === entry) map.delete(key); // to the end of the order
    map.set(key, entry);
  }

  function waitFor(entry: Entry, seconds: number): void {
    entry.until = clock() + seconds * 1000;
  }

  function beginKnown(device: string): (right: boolean | null) => void {
    const key = keyOf('device', device);
    const entry = entryOf('device', key);
    refuse(entry, limits.freePair);
    entry.pending++;
    return (right) => {
      entry.pending--;
      if (right === null) return;
      if (right) {
        entry.failures = 0;
        return;
      }
      fail('device', key, entry);
      waitFor(entry, waitOf(entry.failures, limits.freePair));
      onFailure();
    };
  }

  return {
    begin(from, account, device = null) {
      if (device !== null) return beginKnown(device);
      const address = networkOf(from);
      const [addressKey, pairKey] = [keyOf('address', address), keyOf('pair', `${address} ${account}`)];
      const accountKey = keyOf('account', account);
      const source = entryOf('address', addressKey);
      // Before the others are made: a refused address must not push out what is remembered of others.
      refuse(source, limits.freeAddress);
      const pair = entryOf('pair', pairKey);
      refuse(pair, limits.freePair);
      const target = entryOf('account', accountKey);
      for (const entry of [pair, source, target]) entry.pending++;
      return (right) => {
        for (const entry of [pair, source, target]) entry.pending--;
        if (right === null) return; // it never came to a check
        if (right) {
          // Of the address and the account nothing is forgotten: who has one account could else guess another's password.
          pair.failures = 0;
          return;
        }
        fail('pair', pairKey, pair);
        fail('address', addressKey, source);
        fail('account', accountKey, target);
        waitFor(pair, Math.max(waitOf(pair.failures, limits.freePair), waitOf(target.failures, limits.freeAccount)));
        waitFor(source, waitOf(source.failures, limits.freeAddress));
        onFailure();
      };
    },
    beginCode(account) {
      const key = keyOf('code', account);
      const entry = entryOf('code', key);
      if (entry.until > clock()) return null;
      return (right) => {
        if (right) {
          entry.failures = 0;
          return;
        }
        fail('code', key, entry);
        waitFor(entry, waitOf(entry.failures, limits.freeCodes));
        onFailure();
      };
    },
    get size() {
      return KINDS.reduce((sum, kind) => sum + maps[kind].size, 0);
    },
    kept() {
      const now = clock();
      const entries = KINDS.flatMap((kind) =>
        [...maps[kind]]
          .filter(([, { failures, last }]) => failures > 0 && now - last < limits.forgetSeconds * 1000)
          .slice(-limits.kept)
          .map(([key, { failures, until, last }]) => ({
            ...{ kind, key, failures },
            wait: Math.max(0, Math.ceil((until - now) / 1000)),
            ago: Math.floor((now - last) / 1000),
          })),
      );
      return { salt, entries };
    },
  };
}

/** Reads what {@link Throttle.kept} gave. null: it is nothing of the kind. */
export function readKept(text: string): Kept | null {
  try {
    const { salt, entries } = JSON.parse(text) as Kept;
    if (typeof salt !== 'string' || !/^[\w-]{22}$/.test(salt) || !Array.isArray(entries)) return null;
    return entries.every(isEntry) ? { salt, entries } : null;
  } catch {
    return null;
  }
}

function isEntry({ kind, key, failures, wait, ago }: KeptEntry): boolean {
  const counts = [failures, wait, ago].every((count) => Number.isSafeInteger(count) && count >= 0);
  return KINDS.includes(kind) && typeof key === 'string' && /^[\w-]{16}$/.test(key) && counts;
}
