/** How the bytes of files that are read one after another come to stand in rooms of memory. Pure: no file is touched. */
import type { Margins, Part, Piece } from '../../cgi/recording/port.ts';
import type { SeenFile, Stretch } from './file-protocol.ts';
import { BATCH_FILES } from './limits.ts';

/** The bytes wanted of a file. */
export interface Wanted {
  readonly file: SeenFile;
  /** First byte; the one behind the last. */
  readonly from: number;
  readonly end: number;
}

export interface Plan {
  /** For the worker. */
  readonly stretches: readonly Stretch[];
  /** What there is when it has read so many bytes of them, and what is to be planned next. */
  filled(room: ArrayBuffer, bytes: number): Piece;
}

/** Where the next room begins. */
interface Place {
  readonly index: number;
  readonly from: number;
}

/**
 * Plans room after room: each is asked for when the one before it is filled, by how much it was. A room holds no more than
 * {@link BATCH_FILES} files, however small they are.
 * @param bytes Of a room: more than all margins of one file.
 */
export function createPlanner(wanted: readonly Wanted[], margins: (index: number) => Margins, bytes: number) {
  let next: Place = { index: 0, from: wanted[0]?.from ?? 0 };

  const behind = ({ index }: Part): Place => ({ index: index + 1, from: wanted[index + 1]?.from ?? 0 });

  return {
    /** null: everything was read. */
    plan(): Plan | null {
      const stretches: Stretch[] = [];
      const parts: Part[] = [];
      let at = 0;
      for (let place = next; parts.length < BATCH_FILES; ) {
        const one = wanted[place.index];
        if (!one) break;
        const { before, after } = margins(place.index);
        const first = place.from === one.from;
        const begin = first ? at + before : at;
        const room = bytes - after - begin;
        const left = one.end - place.from;
        if (room < Math.min(left, 1)) break;
        const length = Math.min(left, room);
        const last = length === left;
        const part = { index: place.index, at: begin, length, first, last };
        parts.push(part);
        stretches.push({ file: one.file, from: place.from, at: begin, length });
        if (!last) break;
        at = begin + length + after;
        place = behind(part);
      }
      if (parts.length === 0) {
        if (wanted[next.index]) throw new Error('a room has no room for the margins of one file');
        return null;
      }
      const filled = (room: ArrayBuffer, count: number): Piece => {
        const there: Part[] = [];
        let left = count;
        for (const [n, part] of parts.entries()) {
          const length = Math.min(part.length, left);
          if (length === 0 && part.length > 0) break;
          left -= length;
          const last = part.last && length === part.length;
          there.push({ ...part, length, last });
          next = last ? behind(part) : { index: part.index, from: (stretches[n]?.from ?? 0) + length };
          if (!last) break;
        }
        const end = there.at(-1);
        const used = end ? end.at + end.length + (end.last ? margins(end.index).after : 0) : 0;
        return { bytes: new Uint8Array(room, 0, used), parts: there };
      };
      return { stretches, filled };
    },
  };
}
