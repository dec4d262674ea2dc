/**
 * A recording as MixMonitor leaves it on the medium: the final name is opened at once with a header whose two sizes are 0,
 * the file grows while people talk, and the sizes are put right when it is closed (asterisk formats/format_wav.c). What is
 * heard is a low and a higher voice-like hum taking turns, so that a person can tell it from silence, and from a real call.
 */
import { closeSync, existsSync, futimesSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from './clock.ts';

/** Samples per second; 16-bit mono, as MixMonitor writes `.wav`. */
export const SAMPLE_RATE = 8_000;
/** Bytes before the first sample. */
export const HEADER_BYTES = 44;
const BYTES_PER_SECOND = SAMPLE_RATE * 2;
/** How often the file grows. Asterisk's stdio buffer holds about two seconds; one second makes the growth easy to see. */
const GROWTH_MS = 1_000;

/** The 44 bytes before the samples. `dataBytes` = null: the file is still growing, and both sizes are 0. */
export function wavHeader(dataBytes: number | null): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write('RIFF', 0);
  header.writeUInt32LE(dataBytes === null ? 0 : 36 + dataBytes, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20); // PCM
  header.writeUInt16LE(1, 22); // mono
  header.writeUInt32LE(SAMPLE_RATE, 24);
  header.writeUInt32LE(BYTES_PER_SECOND, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(dataBytes ?? 0, 40);
  return header;
}

/** One second of hum in four syllables. Whole frequencies, so that the second joins itself without a click. */
function hum(pitch: number): Buffer {
  const second = Buffer.alloc(BYTES_PER_SECOND);
  for (let i = 0; i < SAMPLE_RATE; i += 1) {
    const t = i / SAMPLE_RATE;
    const syllable = Math.sin(Math.PI * ((t * 4) % 1)) ** 2;
    const voice = Math.sin(2 * Math.PI * pitch * t) + 0.5 * Math.sin(2 * Math.PI * 3 * pitch * t);
    second.writeInt16LE(Math.round(6_000 * syllable * voice), i * 2);
  }
  return second;
}

/** Two seconds, computed once for all calls: caller's voice, then callee's. */
const VOICES = Buffer.concat([hum(140), hum(220)]);

export interface Recording {
  /** Writes the rest, puts the header's sizes right and closes the file. */
  finish(): void;
  /** Closes the file as a crash would: sizes stay 0. */
  abandon(): void;
}

/** How recordings get to the medium. */
export interface Recorder {
  /** The dialplan's look for a name that is taken. */
  exists(path: string): boolean;
  /** Opens a file and lets it grow. Throws the system's error when it can't. */
  start(path: string, clock: Clock): Recording;
}

/**
 * Opens `path` and lets it grow with the clock. Folders are made as MixMonitor makes them. Throws the system's error when
 * the file can't be opened; a later write error ends the growth quietly, as on a pulled stick.
 */
function startRecording(path: string, clock: Clock): Recording {
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, 'w');
  const started = clock.now();
  let written = 0;
  let cancel = (): void => {};
  let open = true;

  const write = (bytes: Buffer, position: number): void => {
    writeSync(file, bytes, 0, bytes.length, position);
    if (clock.virtual) futimesSync(file, clock.now() / 1000, clock.now() / 1000);
  };
  const grow = (): void => {
    const due = Math.floor(((clock.now() - started) * SAMPLE_RATE) / 1000) * 2;
    while (written < due) {
      const from = written % VOICES.length;
      const piece = VOICES.subarray(from, Math.min(VOICES.length, from + due - written));
      write(piece, HEADER_BYTES + written);
      written += piece.length;
    }
  };
  const close = (): void => {
    open = false;
    cancel();
    closeSync(file);
  };
  const tick = (): void => {
    try {
      grow();
      cancel = clock.after(GROWTH_MS, tick);
    } catch {
      close();
    }
  };

  write(wavHeader(null), 0);
  cancel = clock.after(GROWTH_MS, tick);
  return {
    finish: () => {
      if (!open) return;
      try {
        grow();
        write(wavHeader(written), 0);
      } finally {
        close();
      }
    },
    abandon: () => {
      if (open) close();
    },
  };
}

/** Straight to the file, in the simulator's own thread: a medium that hangs stops the simulator too. */
export const fileRecorder: Recorder = { exists: existsSync, start: startRecording };
