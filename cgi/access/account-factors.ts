/**
 * The second factor of an account: drawn and confirmed by who it belongs to, and taken away by the same, by an admin, or at
 * the console for who has lost the app. What a factor is, and how its codes are told, is second-factor.ts.
 */
import type { StoreClient } from '../../storage/client.ts';
import type { By } from '../../storage/sql/audit.ts';
import { CgiError } from '../reply.ts';
import type { SecondFactors } from './second-factor.ts';

export interface AccountFactors {
  /** Draws the secret of a second factor, once the password is shown again. @throws {CgiError} `busy`, `invalid`, `conflict` */
  beginFactor(user: string, digest: string, by: By): Promise<{ readonly secret: string; readonly uri: string }>;
  /** Log-ins need a code from now on. @param keep Token of the session that goes on. @throws {CgiError} `invalid`, `conflict` */
  confirmFactor(user: string, code: string, by: By, keep: string | null): Promise<void>;
  /** @param proof Of who asks: password, and for one's own the code too. @throws {CgiError} `busy`, `invalid`, `not_found` */
  removeFactor(user: string, proof: FactorProof, by: By): Promise<void>;
  /** The same for who has lost the app, by somebody who needs no proof: at the console. @throws {CgiError} `not_found` */
  dropFactor(user: string, by: By): Promise<void>;
}

export interface FactorProof {
  readonly digest: string;
  readonly code: string | undefined;
}

export interface AccountFactorParts {
  readonly store: Pick<StoreClient, 'write'>;
  readonly factors: SecondFactors;
  /**
   * Whether somebody who is logged in shows the own password once more, and the code; notes it where not.
   * @param code null: only the password counts. @throws {CgiError} `busy`
   */
  proves(name: string, digest: string, code: string | undefined | null, address: string): Promise<boolean>;
  /** What a log-in needs is another now: those under way look again, and sessions end but the one of `keep`. */
  changed(name: string, keep: string | null): void;
}

export function createAccountFactors({ store, factors, proves, changed }: AccountFactorParts): AccountFactors {
  async function dropFactor(name: string, by: By): Promise<void> {
    if (factors.trouble !== '') throw new CgiError('conflict', factors.trouble);
    if (!(await factors.remove(name))) throw new CgiError('not_found', `${name} has no second factor`, 'UserName');
    await store.write({ kind: 'audit', audit: { ...by, action: 'factor.removed', detail: { user: name } } });
  }

  return {
    async beginFactor(name, digest, by) {
      if (!(await proves(name, digest, null, by.address))) throw wrongPassword();
      return factors.begin(name);
    },
    async confirmFactor(name, code, by, keep) {
      if (!(await factors.confirm(name, code))) throw new CgiError('invalid', 'code is not the one of now', 'code');
      changed(name, keep);
      await store.write({ kind: 'audit', audit: { ...by, action: 'factor.set', detail: { user: name } } });
    },
    async removeFactor(name, { digest, code }, by) {
      if (!(await proves(by.who, digest, name === by.who ? code : null, by.address))) throw wrongPassword();
      await dropFactor(name, by);
    },
    dropFactor,
  };
}

function wrongPassword(): CgiError {
  return new CgiError('invalid', 'Password or code is not right', 'Password');
}

/** Where accounts have none: a command of the console doesn't log anybody in. */
export const NO_FACTORS: SecondFactors = {
  trouble: '',
  has: () => false,
  markOf: () => '',
  begin() {
    throw new CgiError('conflict', 'there are no second factors here');
  },
  confirm: async () => false,
  match: () => null,
  use: async () => {},
  remove: async () => false,
};
