/** What the numbers of AMI users need from above: who may log in, changed durably and at once, and who is there. */
import type { By } from '../../storage/sql/audit.ts';

/** As it is shown: all but the secret. */
export interface AmiUserShown {
  readonly name: string;
  /** Classes whose events it gets. */
  readonly read: readonly string[];
  /** Classes whose actions it may send, and actions granted by name. */
  readonly write: readonly string[];
  /** Ranges in CIDR; none: the box itself alone. */
  readonly permit: readonly string[];
  readonly extras: boolean;
}

/** What is given is changed, and the rest stays; a new user begins with a listener's rights, and must have a secret. */
export type AmiUserChange = Pick<AmiUserShown, 'name'> &
  Partial<Omit<AmiUserShown, 'name'>> & { readonly secret?: string };

export interface AmiClientShown {
  readonly user: string;
  /** '' by the local socket. */
  readonly address: string;
  /** Epoch milliseconds. */
  readonly since: number;
}

export interface AmiUserAdmin {
  list(): readonly AmiUserShown[];
  /** Who is logged in, oldest first. */
  clients(): readonly AmiClientShown[];
  /**
   * Makes or changes a user, durably; its sessions go on with the new rights.
   * @returns what in `write` is granted by name and no action of Asterisk's own: another module's, or a slip of the pen.
   * @param at From elsewhere than the console no user comes to what could start a program, and none that has it gets
   * another secret or other ranges.
   * @throws {CgiError} `invalid`, naming what is wrong; `denied` for what is the console's.
   */
  set(change: AmiUserChange, by: By, at: 'console' | 'network'): Promise<readonly string[]>;
  /** Its sessions end. @throws {CgiError} `not_found` */
  remove(name: string, by: By): Promise<void>;
}
