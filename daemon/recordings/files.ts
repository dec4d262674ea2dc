/** The files of the medium for those who download them: looked at before anything is sent, then read in stretches. */
import type { Margins, Peaks, Piece, RecordingFiles } from '../../cgi/recording/port.ts';
import { type Ahead, CgiError, type ReplyFile } from '../../cgi/reply.ts';
import { letGo } from '../../storage/let-go.ts';
import { pathFault } from '../../storage/model/recording-path.ts';
import type { FileClient, StepMemory } from './file-client.ts';
import type { Looked, SeenFile } from './file-protocol.ts';
import {
  ARCHIVE_BYTES,
  BATCH_FILES,
  LARGE_ARCHIVES_MAX,
  READ_BYTES,
  READERS_MAX,
  SPARE_MAX,
  SPARE_MS,
  WAVEFORM_WAIT_MS,
  WAVEFORMS_MAX,
} from './limits.ts';
import { createPlanner, type Plan, type Wanted } from './room.ts';

const NO_MARGINS: Margins = { before: 0, after: 0 };

/** The first bytes of a file that was opened, its reader's place taken. */
interface Begun {
  readonly from: number;
  readonly room: ArrayBuffer;
  readonly filled: number;
}

/** What a look gives, with what we must know of it to read on. */
interface SeenReply extends ReplyFile {
  readonly seen: SeenFile;
}

function seenOf(reply: ReplyFile): SeenFile {
  if (!('seen' in reply)) throw new Error('a file that was never looked at');
  return (reply as SeenReply).seen;
}

export function createRecordingFiles(client: FileClient): RecordingFiles {
  let readers = 0;
  let large = 0;
  let drawn = 0;
  const rooms = createRooms();
  const pieces: StepMemory = { bytes: READ_BYTES, take: () => rooms.take(READ_BYTES) };

  /** @param begun The first room, read already by somebody who counts as a reader. */
  async function* read(
    wanted: readonly Wanted[],
    margins: (index: number) => Margins,
    bytes: number,
    begun?: Begun,
  ): AsyncGenerator<Piece> {
    if (!begun) enter();
    const planner = createPlanner(wanted, margins, bytes);
    /** An answer's rooms go round: two at most. */
    const free: ArrayBuffer[] = [];
    const memory = { bytes, take: () => free.pop() ?? rooms.take(bytes) };
    const next = (): Promise<Piece> | null => {
      const plan = planner.plan();
      return plan && fill(plan, memory);
    };
    let ahead: Promise<Piece> | null = null;
    try {
      const first = begun && planner.plan()?.filled(begun.room, begun.filled);
      ahead = first ? Promise.resolve(first) : next();
      while (ahead) {
        const piece = await ahead;
        // While the one is sent the next is read, and no more than that.
        ahead = next();
        ahead?.catch(() => {}); // told when it is asked for
        yield piece;
        free.push(piece.bytes.buffer);
      }
    } finally {
      readers -= 1;
      for (const room of free.splice(0)) rooms.give(room); // a step that has yet to come takes none of these
      ahead?.then(({ bytes: { buffer } }) => rooms.give(buffer)).catch(() => {});
    }
  }

  async function fill(plan: Plan, memory: StepMemory): Promise<Piece> {
    const { stretches } = plan;
    // Of empty files there is nothing to ask.
    if (stretches.every(({ length }) => length === 0)) return plan.filled(memory.take(), 0);
    const { value } = await client.ask({ kind: 'read', stretches }, memory);
    if (!value || value.filled === 0) {
      const changed = stretches.find(({ length }) => length > 0);
      throw new CgiError('conflict', `${changed?.file.path} changed while it was read`);
    }
    return plan.filled(value.room, value.filled);
  }

  function enter(): void {
    if (readers >= READERS_MAX) throw new CgiError('busy', `${READERS_MAX} recordings are being read already`);
    readers += 1;
  }

  async function* readOne(file: SeenFile, from: number, to: number, begun?: Begun): AsyncGenerator<Uint8Array> {
    if (to < from) return;
    const wanted = [{ file, from, end: to + 1 }];
    for await (const { bytes } of read(wanted, () => NO_MARGINS, READ_BYTES, begun)) yield bytes;
  }

  function replyOf(seen: SeenFile): SeenReply {
    const { size, mtimeMs } = seen;
    return { size, mtimeMs, seen, read: (from, to) => readOne(seen, from, to) };
  }

  /** One whose first bytes are there already, for the first who asks for just those. */
  function begunReplyOf(seen: SeenFile, begun: Begun): SeenReply {
    const { size, mtimeMs } = seen;
    let left: Begun | null = begun;
    const close = () => {
      if (!left) return;
      left = null;
      rooms.give(begun.room);
      readers -= 1;
    };
    const read = (from: number, to: number) => {
      if (left === null || from !== begun.from || to < from + begun.filled - 1) {
        close();
        return readOne(seen, from, to);
      }
      left = null;
      return readOne(seen, from, to, begun);
    };
    const ready = (from: number, to: number) =>
      left && from === begun.from && to === from + begun.filled - 1
        ? new Uint8Array(begun.room, 0, begun.filled)
        : null;
    return { size, mtimeMs, seen, read, ready, close };
  }

  /** @throws {CgiError} `invalid` for one that leads out. */
  function fileOf(path: string, looked: Looked, place: string): SeenFile | null {
    if (looked === 'outside') refuse(path, 'leads out of the recordings folder');
    return typeof looked === 'string' ? null : { path, ...looked, place };
  }

  async function open(path: string, { from, length }: Ahead): Promise<ReplyFile | null> {
    enter();
    let begun: Begun | null = null;
    try {
      const step = { kind: 'open', path, from, length: Math.min(length, READ_BYTES) } as const;
      const { value, medium } = await client.ask(step, pieces);
      const { looked, room, filled } = value;
      const file = fileOf(path, looked, medium.place);
      if (file && filled > 0) {
        begun = { from, room, filled };
        return begunReplyOf(file, begun);
      }
      rooms.give(room);
      return file && replyOf(file);
    } finally {
      if (!begun) readers -= 1;
    }
  }

  async function* readAll(files: readonly ReplyFile[], margins: (index: number) => Margins): AsyncGenerator<Piece> {
    const wanted = files.map((each): Wanted => {
      const file = seenOf(each);
      return { file, from: 0, end: file.size };
    });
    const total = wanted.reduce((sum, { end }) => sum + end, 0);
    const isLarge = total > READ_BYTES && large < LARGE_ARCHIVES_MAX;
    if (isLarge) large += 1;
    try {
      yield* read(wanted, margins, isLarge ? ARCHIVE_BYTES : READ_BYTES);
    } finally {
      if (isLarge) large -= 1;
    }
  }

  async function* peaks(reply: ReplyFile, count: number): AsyncGenerator<Peaks | null> {
    const file = seenOf(reply);
    if (drawn >= WAVEFORMS_MAX) throw new CgiError('busy', `${WAVEFORMS_MAX} recordings are being drawn already`);
    drawn += 1;
    const end = performance.now() + WAVEFORM_WAIT_MS;
    const all: number[] = [];
    try {
      for (let from = 0; ; ) {
        const { value } = await client.ask({ kind: 'peaks', file, count, from });
        if (!value) throw new CgiError('conflict', `${file.path} changed while it was read`);
        const { next, peaks: some, ...facts } = value;
        all.push(...some);
        if (next === null) {
          yield { ...facts, peaks: all };
          return;
        }
        if (performance.now() >= end) throw new CgiError('busy', 'the medium is too slow for this at the moment');
        from = next;
        yield null;
      }
    } finally {
      drawn -= 1;
    }
  }

  return {
    async look(paths, ahead) {
      for (const path of paths) refuse(path, pathFault(path));
      const [one] = paths;
      // Where there is no place for one more reader it is the reading that says so.
      if (ahead && one !== undefined && paths.length === 1 && readers < READERS_MAX) return [await open(one, ahead)];
      const found: (ReplyFile | null)[] = [];
      for (let at = 0; at < paths.length || at === 0; at += BATCH_FILES) {
        const batch = paths.slice(at, at + BATCH_FILES);
        const { value, medium } = await client.ask({ kind: 'look', paths: batch });
        for (const [index, looked] of value.entries()) {
          const file = fileOf(batch[index] ?? '', looked, medium.place);
          found.push(file && replyOf(file));
        }
      }
      return found;
    },
    readAll,
    peaks,
  };
}

/** Memory of reads that are over. */
function createRooms() {
  const spare: ArrayBuffer[] = [];
  let lull: NodeJS.Timeout | undefined;
  const rest = () => {
    for (const room of spare.splice(SPARE_MAX)) letGo(new Uint8Array(room));
  };
  return {
    /** @param bytes Its length; what is in it is whatever it is. */
    take: (bytes: number): ArrayBuffer => (bytes === READ_BYTES ? spare.pop() : undefined) ?? new ArrayBuffer(bytes),
    give(room: ArrayBuffer): void {
      if (room.byteLength !== READ_BYTES) return void letGo(new Uint8Array(room));
      spare.push(room);
      if (lull) lull.refresh();
      else lull = setTimeout(rest, SPARE_MS).unref();
    },
  };
}

/** @throws {CgiError} `invalid` when there is a fault. */
function refuse(path: string, fault: string): void {
  if (fault) throw new CgiError('invalid', `the path ${JSON.stringify(path.slice(0, 100))} ${fault}`);
}
