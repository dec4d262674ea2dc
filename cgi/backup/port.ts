/** What the backups' numbers need from above: copies of the store on the medium, and how the last one went. */
import type { By } from '../../storage/sql/audit.ts';

/** A copy of the store that can be gone back to. */
export interface Backup {
  readonly name: string;
  /** When it was made, epoch seconds. */
  readonly at: number;
  /** Bytes. */
  readonly bytes: number;
  /** null: it is no database. */
  readonly schema: number | null;
  /** `box`: one that lies in state.dir, made before the store was brought to a newer schema. */
  readonly place: 'medium' | 'box';
  /**
   * `same`: the checksum beside it is the one that was read back when this box made it; `unknown`: another box or another
   * store made it; `different`; `none`: there is none.
   */
  readonly checksum: 'same' | 'unknown' | 'different' | 'none';
  /** It is `same`, and the store that it was made of was read from end to end, and whole. */
  readonly proven: boolean;
}

export interface BackupState {
  readonly running: boolean;
  /** The last that went well; null: there is none yet. */
  readonly last: LastBackup | null;
  /** Why the last try failed, and how often tries have since the start; '' and 0 when all is well. */
  readonly why: string;
  readonly failures: number;
  /** Name of the newest backup on the medium of a store that was lost, while a new one is in its place; '' = none. */
  readonly former: string;
}

export interface LastBackup {
  readonly name: string;
  /** Epoch seconds. */
  readonly at: number;
  readonly bytes: number;
  readonly schema: number;
  /** SHA-256, hex. */
  readonly sum: string;
  /** It was read back from the medium itself; else from memory, which may say less than the medium holds. */
  readonly direct: boolean;
  /** The store was read from end to end meanwhile, and whole. */
  readonly proven: boolean;
}

export interface Backups {
  state(): BackupState;
  /** When the next is to be made by itself, epoch seconds; null: none is, or the clock isn't set. */
  nextAt(): number | null;
  /** Those on the medium that is in place, and those of the box, newest first. @throws {CgiError} `storage_offline` */
  list(): Promise<readonly Backup[]>;
  /** Those of the box alone. */
  ofBox(): Promise<readonly Backup[]>;
  /**
   * Makes one now; one that is being made is waited for instead.
   * @throws {CgiError} `storage_offline`, `disk_full`, `conflict`
   */
  make(by: By): Promise<LastBackup>;
}
