/**
 * What recordings need from above: the files on the medium, reached only through a worker that may be abandoned. Paths
 * are relative to the recordings folder, as the index holds them.
 */
import type { By } from '../../storage/sql/audit.ts';
import type { Deletion } from '../../storage/store.ts';
import type { Ahead, ReplyFile } from '../reply.ts';

/** The medium of the recordings at this moment. */
export interface MediumNow {
  readonly state: 'absent' | 'mounted' | 'slow' | 'dead';
  /** For people; '' when all is well. */
  readonly why: string;
  /** Whether recordings can be written on it. */
  readonly writable: boolean;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** What the index calls it; absent: none is in place and answering. */
  readonly medium?: number;
}

export interface MediumWatch {
  state(): MediumNow;
  /** Room on it, bytes; null: not known. */
  space(): { readonly free: number; readonly total: number } | null;
}

/** A place that recordings may be sent to (`recordings.places`), as it is now. */
export interface Place {
  readonly name: string;
  /** Its folder. */
  readonly dir: string;
  /** Recordings go there. */
  readonly chosen: boolean;
  readonly state: MediumNow['state'];
  /** For people; `full` and `read-only` among others; '' when all is well. */
  readonly why: string;
  /** Of one that isn't chosen: as far as its mount and its room tell. */
  readonly writable: boolean;
  /** Bytes; null: not known. */
  readonly free: number | null;
  readonly total: number | null;
}

export interface Places {
  /** In the order of the configuration. Takes some seconds where one hangs. */
  list(): Promise<readonly Place[]>;
}

export interface RecordingFiles {
  /**
   * Looks at files before anything is sent. null: not there.
   * @param ahead What will be read of it at once, where it is one file: its first bytes come with the look. Such a file
   * must be read or closed.
   * @throws {CgiError} `storage_offline` at once while the medium is away or hangs, `invalid` for a path that leads out.
   */
  look(paths: readonly string[], ahead?: Ahead | null): Promise<(ReplyFile | null)[]>;
  /**
   * Reads files that `look` gave one after another, several in one piece of memory, with room around each for what an
   * archive puts there. Ending the iteration ends the reading.
   * @param margins Of each file, by its index.
   * @throws {CgiError} `storage_offline`; `conflict` when one is no longer the file that was looked at, behind the bytes
   * of those before it; `busy`.
   */
  readAll(files: readonly ReplyFile[], margins: (index: number) => Margins): AsyncIterable<Piece>;
  /**
   * How loud a file that `look` gave is, part by part. null: it goes on; whoever ends the iteration ends the reading.
   * @param count Parts, 1 to 1,000; as many as there are samples are given.
   * @throws {CgiError} `storage_offline`; `conflict` when it is no longer the file that was looked at; `busy`.
   */
  peaks(file: ReplyFile, count: number): AsyncIterable<Peaks | null>;
}

export interface Peaks {
  /** Of the sound, to the millisecond; 0 where the header doesn't tell. */
  readonly seconds: number;
  /** How it is written, for people: `PCM 16 bit`. */
  readonly coding: string;
  /** Whether every sample was looked at: of a long recording some of each part are. */
  readonly exact: boolean;
  /** 0 silence to 100 as loud as the coding can say. */
  readonly peaks: readonly number[];
  /** Why there are none; '' where there are. */
  readonly why: string;
}

/** Bytes left free before a file's first and behind its last: up to 4 KB together. */
export interface Margins {
  readonly before: number;
  readonly after: number;
}

/** A run of bytes of files and their margins. */
export interface Piece {
  /** Good until the next piece is asked for. In the margins stands anything. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly parts: readonly Part[];
}

/** What of one file stands in a piece. */
export interface Part {
  readonly index: number;
  /** Of its bytes, without margins. */
  readonly at: number;
  readonly length: number;
  /** Whether its first byte, and so the margin before it, is here; and whether its last, and the margin behind it. */
  readonly first: boolean;
  readonly last: boolean;
}

export interface RecordingDeletions {
  /**
   * Moves files into the medium's trash; with `purge`, or where the settings skip the trash, removes them. The work
   * outlives the asker and a kill; who asks waits for its end, or for as long as a request may last.
   * @throws {CgiError} `storage_offline`; `conflict`, `disk_full` when the medium takes no trash.
   */
  begin(paths: readonly string[], purge: boolean, by: By): Promise<RecordingDeletion>;
  /**
   * Moves them back; waits likewise. null: no deletion of recordings has this token.
   * @throws {CgiError} `conflict` when they are erased or another medium is in place, `storage_offline`
   */
  undo(token: string, by: By): Promise<Deletion | null>;
}

export interface RecordingDeletion {
  /** As it stands now. */
  readonly deletion: Deletion;
  /** Paths that were no longer there. */
  readonly missing: readonly string[];
  /** Files that the medium would not let go of: the system's code (`EACCES`, `EROFS`). */
  readonly refused: readonly { readonly path: string; readonly code: string }[];
  /** The token for 30003; '' where nothing can be undone. */
  readonly undo: string;
}

export interface RecordingHeaders {
  /**
   * Writes headers' lengths anew from the files' sizes, or puts the original headers back, file by file: what the index
   * shows and the audit line follow each. A medium that goes away in between leaves the rest as `offline`.
   * @throws {CgiError} `storage_offline`
   */
  change(paths: readonly string[], change: 'repair' | 'restore', by: By): Promise<readonly ChangedHeader[]>;
}

/** What became of one file. */
export type ChangedHeader = { readonly path: string } & (
  | {
      readonly result: 'repaired' | 'restored' | 'whole';
      /** Of its sound, whole seconds. */
      readonly seconds: number;
      /** What was wrong, by the codes of 30029; absent where nothing was. */
      readonly was?: string;
      /** What is wrong still. */
      readonly fault?: string;
    }
  /** Nothing was changed: there is no sound or no header (`fault`), no original, no such file, or nobody knows yet whether it is still written. */
  | { readonly result: 'beyond repair'; readonly fault: string }
  | { readonly result: 'no original' | 'missing' | 'not finished' | 'offline' }
  /** The medium refuses: the system's code. */
  | { readonly result: 'refused'; readonly code: string }
);
