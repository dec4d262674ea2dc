/**
 * Whether a password, and the code of a second factor, are a user's: looked at at one pace whoever asks and whatever is wrong,
 * so that a stranger can't tell which names exist.
 */
import { networkOf } from '../../storage/model/address.ts';
import type { User } from '../../storage/store.ts';
import { createGate, type GateLimits, type Waiter } from './gate.ts';
import { digestMatches, hashDigest, NOBODY } from './password.ts';
import type { SecondFactors } from './second-factor.ts';
import type { Throttle } from './throttle.ts';

/** What a check finds; `code`: the password is right and the code isn't. */
export type Checked = { readonly user: User } | { readonly wrong: 'password' | 'code'; readonly isThere: boolean };

export interface PasswordChecks {
  /**
   * Whether this is the user's password, at the pace for guesses. Whatever is wrong, all is looked at in the same time.
   * @param code Of the second factor; null: only the password counts. @throws {CgiError} `busy`
   */
  check(name: string, digest: string, code: string | undefined | null, from: CheckedFrom): Promise<Checked>;
  /** A new password's hash: it costs what a check costs, so it takes its turn with them. */
  hashOf(digest: string): Promise<string>;
}

export interface CheckedFrom {
  readonly address: string;
  /** Id of a browser known to this user; null: it isn't. */
  readonly device: string | null;
}

export interface PasswordCheckParts {
  readonly throttle: Throttle;
  readonly factors: SecondFactors;
  /** As the account holds at this moment; null: there is none. */
  userNow(name: string): Promise<User | null>;
}

export function createPasswordChecks(limits: GateLimits, parts: PasswordCheckParts): PasswordChecks {
  const { throttle, factors, userNow } = parts;
  const gate = createGate(limits);

  async function check(
    name: string,
    digest: string,
    code: string | undefined | null,
    { address, device }: CheckedFrom,
  ): Promise<Checked> {
    const done = throttle.begin(address, name, device);
    let right: boolean | null = null;
    try {
      return await gate(waiterOf(address, device), async () => {
        const user = await userNow(name);
        const matches = (await digestMatches(digest, user?.hash ?? NOBODY)) && user !== null;
        const step = factors.match(name, code ?? undefined);
        const passes = code === null || !factors.has(name) || codePasses(name, matches, step, code, device);
        right = matches && passes;
        if (!matches) return { wrong: 'password', isThere: user !== null };
        if (!passes) return { wrong: 'code', isThere: true };
        if (code !== null && step !== null) await factors.use(name, step);
        return { user };
      });
    } finally {
      done(right);
    }
  }

  /** Whether the code counts. Who has the password and guesses codes waits for the next, from wherever it comes. */
  function codePasses(
    name: string,
    matches: boolean,
    step: number | null,
    code: string | undefined,
    device: string | null,
  ): boolean {
    if (!matches || code === undefined || device !== null) return step !== null;
    const done = throttle.beginCode(name);
    done?.(step !== null);
    return done !== null && step !== null;
  }

  return {
    check,
    hashOf: (digest) => gate({ known: true, id: 'hash' }, () => hashDigest(digest)),
  };
}

/** With whom a check waits. */
function waiterOf(address: string, device: string | null): Waiter {
  return device === null ? { known: false, id: networkOf(address) } : { known: true, id: `device ${device}` };
}
