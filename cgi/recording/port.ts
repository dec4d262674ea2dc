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
   * Moves files into the medium's trash, or removes them with `purge`. The work outlives the asker and a kill.
   * @throws {CgiError} `storage_offline`
   */
  begin(paths: readonly string[], purge: boolean, by: By): Promise<RecordingDeletion>;
  /** Moves them back. null: no deletion has this token. @throws {CgiError} `conflict`, `storage_offline` */
  undo(token: string, by: By): Promise<Deletion | null>;
}

export interface RecordingDeletion {
  readonly deletion: Deletion;
  /** Paths that were not there. */
  readonly missing: readonly string[];
}
