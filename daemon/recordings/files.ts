/** The files of the medium for those who download them: looked at before anything is sent, then read in stretches. */
import type { Margins, Peaks, Piece, RecordingFiles } from '../../cgi/recording/port.ts';
import { CgiError, type ReplyFile } from '../../cgi/reply.ts';
import { letGo } from '../../storage/let-go.ts';
import { pathFault } from '../../storage/model/recording-path.ts';
import type { FileClient } from './file-client.ts';
import type { SeenFile } from './file-protocol.ts';
import {
  ARCHIVE_BYTES,
  BATCH_FILES,
  LARGE_ARCHIVES_MAX,
  READ_BYTES,
  READERS_MAX,
  SPARE_MAX,
  WAVEFORM_WAIT_MS,
  WAVEFORMS_MAX,
} from './limits.ts';
import { createPlanner, type Plan, type Wanted } from './room.ts';

const NO_MARGINS: Margins = { before: 0, after: 0 };

export function createRecordingFiles(client: FileClient): RecordingFiles {
  let readers = 0;
  let large = 0;
  let drawn = 0;
  /** Memory of reads that are over. */
  const spare: ArrayBuffer[] = [];
  const seen = new WeakMap<ReplyFile, SeenFile>();

  const give = (room: ArrayBuffer) => {
    if (room.byteLength === READ_BYTES && spare.length < SPARE_MAX) spare.push(room);
    else letGo(new Uint8Array(room));
  };

  async function* read(
    wanted: readonly Wanted[],
    margins: (index: number) => Margins,
    bytes: number,
  ): AsyncGenerator<Piece> {
    if (readers >= READERS_MAX) throw new CgiError('busy', `${READERS_MAX} recordings are being read already`);
    readers += 1;
    const planner = createPlanner(wanted, margins, bytes);
    /** An answer's rooms go round: two at most. */
    const free: ArrayBuffer[] = [];
    const next = (): Promise<Piece> | null => {
      const plan = planner.plan();
      if (!plan) return null;
      const room = free.pop() ?? (bytes === READ_BYTES ? spare.pop() : undefined) ?? new ArrayBuffer(bytes);
      return fill(plan, room);
    };
    let ahead: Promise<Piece> | null = null;
    try {
      ahead = next();
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
      for (const room of free) give(room);
      ahead?.then(({ bytes: { buffer } }) => give(buffer)).catch(() => {});
    }
  }

  async function fill(plan: Plan, room: ArrayBuffer): Promise<Piece> {
    const { stretches } = plan;
    // Of empty files there is nothing to ask.
    if (stretches.every(({ length }) => length === 0)) return plan.filled(room, 0);
    const { value } = await client.ask({ kind: 'read', stretches, room });
    if (!value || value.filled === 0) {
      const changed = stretches.find(({ length }) => length > 0);
      throw new CgiError('conflict', `${changed?.file.path} changed while it was read`);
    }
    return plan.filled(value.room, value.filled);
  }

  async function* readOne(file: SeenFile, from: number, to: number): AsyncGenerator<Uint8Array> {
    if (to < from) return;
    for await (const { bytes } of read([{ file, from, end: to + 1 }], () => NO_MARGINS, READ_BYTES)) yield bytes;
  }

  async function* readAll(files: readonly ReplyFile[], margins: (index: number) => Margins): AsyncGenerator<Piece> {
    const wanted = files.map((each): Wanted => {
      const file = seen.get(each);
      if (!file) throw new Error('a file that was never looked at');
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
    const file = seen.get(reply);
    if (!file) throw new Error('a file that was never looked at');
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
    async look(paths) {
      for (const path of paths) refuse(path, pathFault(path));
      const found: (ReplyFile | null)[] = [];
      for (let at = 0; at < paths.length || at === 0; at += BATCH_FILES) {
        const batch = paths.slice(at, at + BATCH_FILES);
        const { value, medium } = await client.ask({ kind: 'look', paths: batch });
        value.forEach((looked, index) => {
          const path = batch[index] ?? '';
          if (looked === 'outside') refuse(path, 'leads out of the recordings folder');
          else if (looked === 'missing') found.push(null);
          else {
            const file = { path, size: looked.size, mtimeMs: looked.mtimeMs, place: medium.place };
            const reply = {
              size: file.size,
              mtimeMs: file.mtimeMs,
              read: (from: number, to: number) => readOne(file, from, to),
            };
            seen.set(reply, file);
            found.push(reply);
          }
        });
      }
      return found;
    },
    readAll,
    peaks,
  };
}

/** @throws {CgiError} `invalid` when there is a fault. */
function refuse(path: string, fault: string): void {
  if (fault) throw new CgiError('invalid', `the path ${JSON.stringify(path.slice(0, 100))} ${fault}`);
}
