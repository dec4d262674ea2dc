/** What dialects need from above for the secrets that their clients share with the box: they must be had in the clear. */
import type { By } from '../../storage/sql/audit.ts';

/** Dialects whose clients make hashes with a secret. */
export const SECRET_DIALECTS = ['mor'] as const;
export type SecretDialect = (typeof SECRET_DIALECTS)[number];

export interface DialectSecrets {
  /** Whether there is one: without it nobody comes in. */
  has(dialect: SecretDialect): boolean;
  /** Keeps it durably, and writes the audit line, which doesn't tell it. @param secret '' = none any more. */
  set(dialect: SecretDialect, secret: string, by: By): Promise<void>;
  /**
   * Whether what a client sent was made with the secret, at the pace for guesses; false too where there is none. What was
   * wrong is noted in the audit log.
   * @param isRight Compares in constant time. @throws {CgiError} `busy`
   */
  check(dialect: SecretDialect, address: string, isRight: (secret: string) => boolean): boolean;
}
