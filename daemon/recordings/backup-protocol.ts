/**
 * Steps of backups on the medium, each a megabyte at most. A backup is written under a name that ends in `.part`, made
 * durable piece by piece, read back, and gets its own name last, beside its checksum: what bears that name is whole.
 */

export type BackupStep =
  /** What is there. */
  | { readonly kind: 'backups' }
  /** The next piece of a file of the box becomes the next of a backup; at 0 it begins, and what earlier tries of the same box left
   * goes. */
  | {
      readonly kind: 'backupCopy';
      readonly source: string;
      readonly name: string;
      readonly at: number;
      readonly bytes: number;
    }
  /** The next piece of what was written is read back. */
  | { readonly kind: 'backupRead'; readonly name: string; readonly at: number }
  /** It is whole: its checksum is written, then it gets its name. */
  | { readonly kind: 'backupSeal'; readonly name: string; readonly sum: string }
  /** What earlier tries left goes: of the box that this backup is of. */
  | { readonly kind: 'backupClear'; readonly name: string }
  | { readonly kind: 'backupRemove'; readonly names: readonly string[] }
  /** The next piece of a backup becomes the next of a file of the box, which begins at 0. */
  | { readonly kind: 'backupFetch'; readonly name: string; readonly at: number; readonly target: string };

/** A backup as it lies in its folder. */
export interface BackupFile {
  readonly name: string;
  /** Bytes. */
  readonly bytes: number;
  /** As its header says; null: it isn't a database. */
  readonly schema: number | null;
  /** SHA-256 as its checksum file says, hex; '' = it has none. */
  readonly sum: string;
}

export interface BackupsThere {
  readonly backups: readonly BackupFile[];
  /** Bytes. */
  readonly free: number;
  /** Bytes that a file may have; FAT's limit. */
  readonly fileMax: number;
}

/** How far it is, and the SHA-256 of all of it once it has been gone through. */
export interface Progress {
  readonly at: number;
  readonly sum: string | null;
}

/** Of reading back: whether it came from the medium itself, and not from the memory in which it was written. */
export interface ReadBack extends Progress {
  readonly direct: boolean;
}

/** The medium is there, and refuses. */
export interface Refused {
  /** Why, for people. */
  readonly refused: string;
  readonly as: 'full' | 'read-only' | 'other';
}

/** null: the pieces before are not known here (another worker took over, another stick is in place): begin anew. */
export interface BackupAnswers {
  backups: BackupsThere | Refused;
  backupCopy: Progress | Refused | null;
  backupRead: ReadBack | Refused | null;
  backupSeal: 'sealed' | Refused;
  backupClear: 'cleared' | Refused;
  backupRemove: 'removed' | Refused;
  backupFetch: Progress | Refused | null;
}
