/**
 * When it is to be tried whether the medium takes recordings, and what is known of it until then. Rarely while all is
 * well, for flash wears; soon while it is not, for calls go unrecorded until it is.
 */
import { LOW_BYTES, PROBE_AGAIN_MS, PROBE_MS, ROOM_AGAIN_SHARE } from './limits.ts';
import type { Space, Writing } from './protocol.ts';

export interface ProbeTurns {
  /** What a sweep saw. @param readOnly The mount table's word: while it stands nothing need be tried. */
  seen(space: Space | null, readOnly: boolean): void;
  due(): boolean;
  /** One that was full stays so until there is room for more than a moment. */
  tried(writing: Writing): void;
  writing(): Writing;
  /** null: not known. */
  space(): Space | null;
  /** The medium is another one, or none. */
  clear(): void;
}

/** For tests: milliseconds between two tries. */
export interface ProbePeriods {
  readonly wellMs?: number;
  readonly againMs?: number;
}

const READ_ONLY: Writing = { writable: false, why: 'read-only' };
const FULL: Writing = { writable: false, why: 'full' };

function hasRoomAgain({ free, total }: Space): boolean {
  return free >= Math.min(LOW_BYTES, total * ROOM_AGAIN_SHARE);
}

/** @param mono Monotonic milliseconds. */
export function createProbeTurns(
  mono: () => number,
  { wellMs = PROBE_MS, againMs = PROBE_AGAIN_MS }: ProbePeriods = {},
): ProbeTurns {
  let readOnly = false;
  let space: Space | null = null;
  let last: { readonly at: number; readonly writing: Writing } | null = null;

  return {
    seen(seen, isReadOnly) {
      // What was found while it was read-only says nothing about now.
      if (readOnly && !isReadOnly) last = null;
      readOnly = isReadOnly;
      space = seen;
    },
    due() {
      if (!last) return true;
      if (readOnly) return false;
      const well = last.writing.writable && (space === null || space.free >= LOW_BYTES);
      return mono() - last.at >= (well ? wellMs : againMs);
    },
    tried(writing) {
      const wasFull = last?.writing.why === FULL.why;
      const stays = wasFull && writing.writable && space !== null && !hasRoomAgain(space);
      last = { at: mono(), writing: stays ? FULL : writing };
    },
    writing: () => (readOnly || !last ? READ_ONLY : last.writing),
    space: () => space,
    clear() {
      readOnly = false;
      space = null;
      last = null;
    },
  };
}
