/**
 * Slows down whoever guesses passwords. Each wrong one makes the next try from that address wait longer; how long also
 * follows how often the account was tried from anywhere. A wait is only ever set by the waiting address's own failure and
 * has an end, so nobody can keep the owner out from elsewhere. Names that don't exist are treated like those that do.
 */
import { CgiError } from '../reply.ts';

export interface ThrottleLimits {
  /** Wrong passwords without a wait: of one account from one address, of all accounts from one, of one from everywhere. */
  readonly freePair: number;
  readonly freeAddress: number;
  readonly freeAccount: number;
  /** Longest wait in seconds. The first is one second, each further failure doubles it. */
  readonly waitSeconds: number;
  /** Seconds without a failure after which it is forgotten. */
  readonly forgetSeconds: number;
  /** Addresses, accounts and pairs remembered, of each kind; beyond it the one whose last failure is oldest goes. */
  readonly remembered: number;
}

export interface Throttle {
  /**
   * A try begins. @returns what is to be called with its outcome, exactly once.
   * @throws {CgiError} `busy` with the seconds to wait; the password is not looked at then.
   */
  begin(address: string, account: string): (right: boolean | null) => void;
  /** Entries held. */
  readonly size: number;
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

/** @param clock Monotonic milliseconds. */
export function createThrottle(limits: ThrottleLimits, clock: () => number = () => performance.now()): Throttle {
  // Each map's order is that of the last failure.
  const [pairs, addresses, accounts] = [new Map<string, Entry>(), new Map<string, Entry>(), new Map<string, Entry>()];

  /** The entry of a key, made when there is none; what was long ago is forgotten. */
  function entryOf(map: Map<string, Entry>, key: string): Entry {
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

  return {
    begin(from, account) {
      const address = networkOf(from);
      const pairKey = `${address} ${account}`;
      const source = entryOf(addresses, address);
      // Before the others are made: a refused address must not push out what is remembered of others.
      refuse(source, limits.freeAddress);
      const pair = entryOf(pairs, pairKey);
      refuse(pair, limits.freePair);
      const target = entryOf(accounts, account);
      for (const entry of [pair, source, target]) entry.pending++;
      return (right) => {
        for (const entry of [pair, source, target]) entry.pending--;
        if (right === null) return; // it never came to a check
        if (right) {
          // Of the address and the account nothing is forgotten: who has one account could else guess another's password.
          pair.failures = 0;
          return;
        }
        const end = clock();
        for (const [map, key, entry] of [
          [pairs, pairKey, pair],
          [addresses, address, source],
          [accounts, account, target],
        ] as const) {
          entry.failures++;
          entry.last = end;
          if (map.get(key) === entry) map.delete(key); // to the end of the order
          map.set(key, entry);
        }
        const seconds = Math.max(waitOf(pair.failures, limits.freePair), waitOf(target.failures, limits.freeAccount));
        pair.until = end + seconds * 1000;
        source.until = end + waitOf(source.failures, limits.freeAddress) * 1000;
      };
    },
    get size() {
      return pairs.size + addresses.size + accounts.size;
    },
  };
}

/** An IPv4 address as it is; of an IPv6 address its /64, within which one client may have any. */
export function networkOf(address: string): string {
  const plain = address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '');
  if (!plain.includes(':')) return plain;
  const [head = '', tail] = plain.replace(/%.*$/, '').split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const all = [...before, ...Array<string>(zeros).fill('0'), ...after];
  return `${all
    .slice(0, 4)
    .map((part) => part.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
