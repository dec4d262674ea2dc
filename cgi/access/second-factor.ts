/**
 * The second factor that an account may have besides its password: a code of an authenticator app (totp.ts). A code is good
 * once, also across a restart, so the step of the last one is kept with the secret. Whoever has no second factor, or isn't
 * there at all, is compared with one of nobody's, which takes as long.
 */
import { hash, randomBytes } from 'node:crypto';
import { CgiError } from '../reply.ts';
import { base32, fromBase32, matchingStep, otpauthUri, SECRET_BYTES } from './totp.ts';

/** As it is kept. */
export interface Factor {
  readonly user: string;
  /** Base32. */
  readonly secret: string;
  /** Of the last code that was taken. */
  readonly step: number;
}

export interface FactorLimits {
  /** Seconds that a drawn secret waits for the code that confirms it. */
  readonly pendingSeconds: number;
  /** Epoch seconds; a clock that shows less has not been set, and no code can be told right by it. */
  readonly saneClock: number;
}

export interface SecondFactors {
  /** Why nobody can log in by password: who has a second factor is not known. '' = it is. */
  readonly trouble: string;
  has(user: string): boolean;
  /** Another text for each secret, and for who has none. */
  markOf(user: string): string;
  /** Draws a secret, which is the user's once a code confirms it. @throws {CgiError} `conflict` */
  begin(user: string): { readonly secret: string; readonly uri: string };
  /** @returns whether the code is right; then log-ins need one from now on. @throws {CgiError} `conflict`; {StoreError} */
  confirm(user: string, code: string): Promise<boolean>;
  /** What the code is good for, or null. Takes the same time whoever the user is; undefined: none was sent. */
  match(user: string, code: string | undefined): number | null;
  /** The code of this step has been taken: it never is again. Doesn't reject. */
  use(user: string, step: number): Promise<void>;
  /** @returns whether there was one. @throws {StoreError} */
  remove(user: string): Promise<boolean>;
}

export interface FactorParts {
  readonly kept: readonly Factor[];
  /** Writes all of them, durably. @throws {StoreError} */
  save(factors: readonly Factor[]): Promise<void>;
  /** Name of the box in people's apps. */
  readonly issuer: string;
  readonly limits: FactorLimits;
  /** Epoch seconds: the clock that people's phones go by. */
  now(): number;
  /** Called with what an operator should know. */
  warn(message: string, about: object): void;
}

/** What stands in for them while nobody knows who has one: no code of anybody's is right. */
export function lostFactors(trouble: string): SecondFactors {
  const refuse = () => {
    throw new CgiError('conflict', trouble);
  };
  return {
    trouble,
    has: () => true,
    markOf: () => '',
    begin: refuse,
    confirm: async () => refuse(),
    match: () => null,
    use: async () => {},
    remove: async () => false,
  };
}

/** Secrets drawn and not confirmed, of so many users at a time: there are no more accounts. */
const PENDING_MAX = 100;

export function createSecondFactors({ kept, save, issuer, limits, now, warn }: FactorParts): SecondFactors {
  const factors = new Map(kept.map((factor) => [factor.user, factor]));
  const pending = new Map<string, { readonly secret: string; readonly at: number }>();
  const nobodys = randomBytes(SECRET_BYTES);
  let told = false;

  /** One write after the other. */
  let writing: Promise<unknown> = Promise.resolve();
  function keep(): Promise<void> {
    const done = writing.then(() => save([...factors.values()]));
    writing = done.catch(() => {});
    return done;
  }

  function clockIsSet(): boolean {
    const isSet = now() >= limits.saneClock;
    if (!isSet && !told) warn('the clock is not set: no code of a second factor can be told right', {});
    told = !isSet;
    return isSet;
  }

  return {
    trouble: '',
    has: (user) => factors.has(user),
    markOf: (user) => hash('sha256', factors.get(user)?.secret ?? ''),
    begin(user) {
      if (factors.has(user)) throw new CgiError('conflict', 'there is a second factor already: remove it first, 30035');
      if (!clockIsSet()) throw new CgiError('conflict', 'the clock of the box is not set, by which codes are told');
      for (const [other, { at }] of pending) if (now() - at > limits.pendingSeconds) pending.delete(other);
      const [oldest] = pending.keys();
      if (pending.size >= PENDING_MAX && oldest !== undefined) pending.delete(oldest);
      const secret = base32(randomBytes(SECRET_BYTES));
      pending.delete(user);
      pending.set(user, { secret, at: now() });
      return { secret, uri: otpauthUri(issuer, user, secret) };
    },
    async confirm(user, code) {
      const drawn = pending.get(user);
      const bytes = drawn && fromBase32(drawn.secret);
      if (!drawn || !bytes || Math.abs(now() - drawn.at) > limits.pendingSeconds)
        throw new CgiError('conflict', 'there is no secret to be confirmed: begin with 30033');
      const step = matchingStep(bytes, code, now(), -1);
      if (step === null) return false;
      pending.delete(user);
      factors.set(user, { user, secret: drawn.secret, step });
      try {
        await keep();
      } catch (error) {
        factors.delete(user); // what the next start would not know is none
        throw error;
      }
      return true;
    },
    match(user, code) {
      const factor = factors.get(user);
      const secret = factor ? fromBase32(factor.secret) : nobodys;
      const step = matchingStep(secret ?? nobodys, code ?? '000000', now(), factor?.step ?? -1);
      return factor && secret && code !== undefined && clockIsSet() ? step : null;
    },
    async use(user, step) {
      const factor = factors.get(user);
      if (!factor) return;
      factors.set(user, { ...factor, step });
      // A full disk must keep nobody out who would make room on it: until a restart the step is remembered all the same.
      await keep().catch((error: unknown) => warn('that a code was taken could not be written down', { error }));
    },
    async remove(user) {
      pending.delete(user);
      const factor = factors.get(user);
      if (!factor) return false;
      factors.delete(user);
      try {
        await keep();
      } catch (error) {
        factors.set(user, factor);
        throw error;
      }
      return true;
    },
  };
}
