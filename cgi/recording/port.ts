/**
 * What recordings need from above: the files on the medium, reached only through a worker that may be abandoned. Paths
 * are relative to the recordings folder, as the index holds them.
 */
import type { By } from '../../storage/sql/audit.ts';
import type { Deletion } from '../../storage/store.ts';
import type { ReplyFile } from '../reply.ts';

export interface RecordingFiles {
  /**
   * Looks at files before anything is sent. null: not there.
   * @throws {CgiError} `storage_offline` at once while the medium is away or hangs, `invalid` for a path that leads out.
   */
  look(paths: readonly string[]): Promise<(ReplyFile | null)[]>;
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
