/** One call that is shown, with all that hangs on it: the records it was made of, and its recording. */
import type { FoldRules } from '../model/fold.ts';
import type { Database } from './database.ts';
import { type Trace, traceGroup } from './trace.ts';

export interface CallDetail {
  /** Of the local text of the call's times, seconds east of UTC. */
  readonly offset: number;
  readonly trace: Trace;
  /** Files of the recording that it shows, the one on the medium asked for first. */
  readonly files: readonly CallFile[];
}

export interface CallFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Length of its sound. */
  readonly seconds: number;
  readonly state: string;
  readonly keep: boolean;
  /** It lies on the medium asked for. */
  readonly present: boolean;
}

/** @param present The medium that is in place; null: none is. @returns null where no such call is shown. */
export function callDetail(
  database: Database,
  { id, present }: { readonly id: number; readonly present: number | null },
  rules: FoldRules,
): CallDetail | null {
  const call = database.first(
    'SELECT call_group, start_offset, recording FROM call WHERE id = ? AND open = 0 AND trash IS NULL',
    [id],
  );
  if (!call) return null;
  const files = database.all(
    `SELECT path, size, seconds, state, keep, medium IS ? AS present FROM recording
     WHERE path = ? AND path <> '' AND gone_at IS NULL AND trash IS NULL ORDER BY medium IS ? DESC, id`,
    [present, String(call['recording']), present],
  );
  return {
    offset: Number(call['start_offset']),
    trace: traceGroup(database, String(call['call_group']), rules),
    files: files.map((row) => ({
      path: String(row['path']),
      size: Number(row['size']),
      seconds: Number(row['seconds']),
      state: String(row['state']),
      keep: row['keep'] === 1,
      present: present !== null && row['present'] === 1,
    })),
  };
}
