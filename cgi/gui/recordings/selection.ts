/** Which recordings are ticked: rows that are shown, or all that the filter finds, up to what one request may name. */

import type { RecordingList, RecordingRow } from '../../contract.ts';
import { ask, type Parameters } from '../api.ts';

/** Bytes of each, by its path. */
export type Selection = ReadonlyMap<string, number>;
export const NONE: Selection = new Map();

/** Paths that 20036, 20054 and 30025 take at once. */
export const SELECTED_MAX = 20_000;
/** Rows of one question, while all of a filter are ticked. */
const STEP = 2_000;

const RECORDINGS = 20053;

export function sizeOf(selection: Selection): number {
  return [...selection.values()].reduce((sum, bytes) => sum + bytes, 0);
}

export function withRows(before: Selection, rows: readonly RecordingRow[], ticked: boolean): Selection {
  const after = new Map(before);
  for (const { path, size } of rows) {
    if (ticked) after.set(path, Number(size));
    else after.delete(path);
  }
  return after;
}

/**
 * All that a filter finds, the newest {@link SELECTED_MAX} of them.
 * @param progress Told how many there are so far. @throws {AskError}; {DOMException} when the signal did it.
 */
export async function selectAll(
  parameters: Parameters,
  { signal, progress }: { readonly signal: AbortSignal; progress(count: number): void },
): Promise<Selection> {
  let all: Selection = NONE;
  for (let cursor: string | undefined = ''; cursor !== undefined && all.size < SELECTED_MAX; ) {
    const limit = Math.min(STEP, SELECTED_MAX - all.size);
    const answer: RecordingList = await ask<RecordingList>(
      RECORDINGS,
      { ...parameters, more: true, nototal: true, limit, ...(cursor !== '' && { cursor }) },
      { signal },
    );
    all = withRows(all, answer.json_array_recordings, true);
    progress(all.size);
    cursor = answer.json_obj_filter.cursor;
  }
  return all;
}
