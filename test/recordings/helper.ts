/** WAV files of every kind, an index in memory that remembers what it was told, and bounded waiting. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type FoundRecording,
  type MediumState,
  type RecordingIndex,
  type Recordings,
  type RecordingsOptions,
  startRecordings,
} from '../../daemon/recordings/recordings.ts';

export interface WavOptions {
  readonly tag?: number;
  readonly rate?: number;
  readonly bits?: number;
  readonly byteRate?: number;
  /** Bytes of sound really there. */
  readonly sound: number;
  /** What the header says; default: the truth. */
  readonly dataLength?: number;
  readonly fileLength?: number;
  /** Bytes in a LIST chunk before the sound. */
  readonly before?: number;
}

/** A WAV header as Asterisk's format_wav writes it, and so many bytes of sound. */
export function wav(options: WavOptions): Buffer {
  const { tag = 1, rate = 8_000, bits = 16, byteRate = 16_000, sound, before } = options;
  const list = before === undefined ? Buffer.alloc(0) : Buffer.alloc(8 + before);
  if (before !== undefined) {
    list.write('LIST');
    list.writeUInt32LE(before, 4);
  }
  const bytes = Buffer.alloc(36);
  bytes.write('RIFF');
  bytes.writeUInt32LE(Math.max(0, (options.fileLength ?? 44 + list.length + sound) - 8), 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(tag, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(byteRate, 28);
  bytes.writeUInt16LE(bits / 8, 32);
  bytes.writeUInt16LE(bits, 34);
  const data = Buffer.alloc(8 + sound, 1);
  data.write('data');
  data.writeUInt32LE(options.dataLength ?? sound, 4);
  return Buffer.concat([bytes, list, data]);
}

/** PCM, 8 kHz, 16 bit. */
export function pcmWav(seconds: number): Buffer {
  return wav({ sound: seconds * 16_000 });
}

/** wav49 as asterisk formats/format_wav_gsm.c writes it: 60 bytes of header, frames of 65 bytes, padded to even. */
export function gsmWav(frames: number): Buffer {
  const sound = frames * 65;
  const padded = sound + (sound & 1);
  const bytes = Buffer.alloc(60 + padded);
  bytes.write('RIFF');
  bytes.writeUInt32LE(52 + padded, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(20, 16);
  bytes.writeUInt16LE(49, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(8_000, 24);
  bytes.writeUInt32LE(1_625, 28);
  bytes.writeUInt16LE(65, 32);
  bytes.writeUInt16LE(2, 36);
  bytes.writeUInt16LE(320, 38);
  bytes.write('fact', 40);
  bytes.writeUInt32LE(4, 44);
  bytes.writeUInt32LE(frames * 320, 48);
  bytes.write('data', 52);
  bytes.writeUInt32LE(padded, 56);
  return bytes;
}

export interface MemoryIndex extends RecordingIndex {
  readonly rows: Map<string, FoundRecording>;
  /** Every report of a file in order, also repeated ones. */
  readonly told: FoundRecording[];
  readonly goneTold: string[];
  /** Makes the next call of `found` fail. */
  failNextFound(): void;
}

export function memoryIndex(rows = new Map<string, FoundRecording>()): MemoryIndex {
  const folderOf = (path: string) => (path.includes('/') ? path.slice(0, path.indexOf('/')) : '');
  const told: FoundRecording[] = [];
  const goneTold: string[] = [];
  let fail = false;
  return {
    rows,
    told,
    goneTold,
    failNextFound() {
      fail = true;
    },
    medium: async () => 1,
    known: async (_medium, folder) =>
      [...rows.values()]
        .filter((row) => folderOf(row.path) === folder)
        .map((row) => `${row.path.slice(folder ? folder.length + 1 : 0)}\t${row.size}\t${row.mtimeMs}`)
        .join('\n'),
    folders: async () => [...new Set([...rows.keys()].map(folderOf))],
    async found(_medium, files) {
      if (fail) {
        fail = false;
        throw new Error('the store is closed');
      }
      told.push(...files);
      for (const file of files) rows.set(file.path, file);
    },
    async gone(_medium, paths) {
      goneTold.push(...paths);
      for (const path of paths) rows.delete(path);
    },
  };
}

export interface Rig<Index = MemoryIndex> {
  readonly dir: string;
  readonly index: Index;
  readonly recordings: Recordings;
  readonly states: MediumState[];
  readonly messages: string[];
  setToday(day: string): void;
  stop(): Promise<void>;
}

export const WORKER = new URL('../.build/medium-worker.mjs', import.meta.url);
export const TODAY = '20260507';

/** Recordings on a folder (default: a temporary one, removed at the end). */
export function startRig<Index extends RecordingIndex = MemoryIndex>(
  options: Partial<Omit<RecordingsOptions, 'today'>> & { index?: Index; day?: string } = {},
): Rig<Index> {
  const made = options.dir === undefined ? temporaryFolder() : undefined;
  const dir = options.dir ?? made ?? '';
  const index = options.index ?? (memoryIndex() as RecordingIndex as Index);
  const states: MediumState[] = [];
  const messages: string[] = [];
  let today = options.day ?? TODAY;
  const say = (level: string) => (message: string, fields?: object) => {
    messages.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`);
  };
  const recordings = startRecordings({
    requireMount: 'no',
    sweepSeconds: 1,
    worker: WORKER,
    log: { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') },
    now: () => Date.now(),
    onState: (state) => states.push(state),
    ...options,
    today: () => today,
    dir,
    index,
  });
  return {
    dir,
    index,
    recordings,
    states,
    messages,
    setToday: (day) => {
      today = day;
    },
    async stop() {
      await recordings.close();
      if (made) rmSync(made, { recursive: true, force: true });
    },
  };
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'cdrd-recordings-'));
}

/** Waits until `check` holds; fails with `what` after `ms`. Returns the milliseconds waited. */
export async function until(what: string, check: () => boolean, ms = 8_000): Promise<number> {
  const started = performance.now();
  while (!check()) {
    if (performance.now() - started > ms) throw new Error(`not within ${ms} ms: ${what}`);
    await pause(10);
  }
  return performance.now() - started;
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
