/** What deleting calls needs from above: somebody who carries it out step by step, whoever waits for it. */
import type { CallFilter } from '../../storage/filter.ts';
import type { By } from '../../storage/sql/audit.ts';
import type { Deletion } from '../../storage/store.ts';

export interface CallDeletions {
  /**
   * Puts what the filter matches into the trash. The work outlives the asker and a kill.
   * @param waitMs How long to wait for its end. @param rule By which it is done, where nobody asked for it: it stands in
   * the audit log and among what 30004 shows. @returns the deletion as it stands then: still under way, it is gone on
   * with. @throws {CgiError} `disk_full`, `disk_failing` when the disk refuses; then, too, what has begun is gone on with.
   */
  begin(filter: CallFilter, by: By, waitMs: number, rule?: string): Promise<Deletion>;
  /** Takes them out of the trash again. null: no deletion has this token. @throws {CgiError} `conflict` when it is too late. */
  undo(token: string, by: By, waitMs: number): Promise<Deletion | null>;
}
