/**
 * Says whether a recording is finished, from its header, its size and what the previous look saw. Pure. Nobody tells us
 * that Asterisk has closed a file (16.28 raises no MixMonitorStop at hang-up): finished means that the header agrees with
 * the size and that two looks saw the same file (appliance-facts, "The medium").
 */
import type { RecordingFault } from '../../storage/model/recording-fault.ts';
import { EMPTY_MS, LOOKS_APART_MS, SETTLED_MS, SETTLED_REMOTE_MS, UNFINISHED_MS } from './limits.ts';
import { isRiff, parseWav, type WavHeader } from './wav.ts';

export interface FileFacts {
  /** The file's beginning, at least its header. */
  readonly bytes: Uint8Array;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly mtimeMs: number;
}

/** What a look leaves for the next one. */
export interface Seen {
  readonly size: number;
  readonly mtimeMs: number;
  /** Monotonic milliseconds since when the file has not changed. */
  readonly since: number;
}

export interface Clock {
  /** Wall clock, milliseconds since 1970. */
  readonly now: number;
  /** Monotonic clock, milliseconds. */
  readonly mono: number;
  /** The files' times come from another machine's clock. */
  readonly remote: boolean;
}

export interface Judgement {
  readonly state: 'growing' | 'ok' | 'empty' | 'damaged';
  /** What is wrong with an empty or damaged one, else ''. */
  readonly fault: RecordingFault | '';
  /** Length of the sound, seconds, to the millisecond. */
  readonly seconds: number;
  /** Growing only because a second look is due: come again in {@link LOOKS_APART_MS}. */
  readonly settling: boolean;
  readonly seen: Seen;
}

/**
 * Since when the file is still. The wall clock counts only at the first look (a file of last year needs no ten minutes of
 * watching), and only when the file's time is well past: a box without a clock battery jumps from 1970, FAT rounds, a
 * share's server has a clock of its own. Afterwards the monotonic clock alone counts.
 */
function stillSince(file: FileFacts, previous: Seen | undefined, clock: Clock): number {
  if (previous) {
    const same = previous.size === file.size && previous.mtimeMs === file.mtimeMs;
    return same ? previous.since : clock.mono;
  }
  const age = clock.now - file.mtimeMs;
  return age >= (clock.remote ? SETTLED_REMOTE_MS : SETTLED_MS) ? clock.mono - age : clock.mono;
}

/**
 * What is wrong with a file that nobody writes any more; '' = nothing.
 * @param bytes Its beginning, at least its header. @param size Bytes.
 */
export function faultOfFile(bytes: Uint8Array, size: number): RecordingFault | '' {
  if (size === 0) return 'zero_length';
  const wav = parseWav(bytes, size);
  if (wav === 'none' || wav === 'more') return isRiff(bytes) ? 'header_cut' : 'no_wav';
  return faultOfHeader(wav, size);
}

function faultOfHeader({ dataOffset, dataLength, fileLength }: WavHeader, size: number): RecordingFault | '' {
  const sound = size - dataOffset;
  if (sound <= 0) return 'no_sound';
  if (dataLength === 0) return 'header_zero';
  // One byte either way: an odd chunk is padded, and wav49 announces the pad before it writes it.
  if (dataLength > sound + 1) return 'header_long';
  return dataLength >= sound - 1 || Math.abs(fileLength - size) <= 1 ? '' : 'header_short';
}

/** How long a file must be still before its fault is believed: without sound, the call may just have been answered. */
const BELIEVED_AFTER: Readonly<Record<RecordingFault, number>> = {
  zero_length: EMPTY_MS,
  no_sound: EMPTY_MS,
  no_wav: EMPTY_MS,
  header_cut: EMPTY_MS,
  header_zero: UNFINISHED_MS,
  header_long: UNFINISHED_MS,
  header_short: UNFINISHED_MS,
  unreadable: UNFINISHED_MS,
};

/** Judges one look. `previous` is what the look before left, if there was one. Never throws. */
export function judge(file: FileFacts, previous: Seen | undefined, clock: Clock): Judgement {
  const since = stillSince(file, previous, clock);
  const still = clock.mono - since;
  const seen: Seen = { size: file.size, mtimeMs: file.mtimeMs, since };
  const fault = faultOfFile(file.bytes, file.size);
  const seconds = soundSeconds(file.bytes, file.size);
  if (fault === '') {
    const settling = still < LOOKS_APART_MS;
    return { state: settling ? 'growing' : 'ok', fault, seconds, settling, seen };
  }
  if (still < BELIEVED_AFTER[fault]) return { state: 'growing', fault: '', seconds, settling: false, seen };
  // A busy call leaves a header of 44 bytes and no sound.
  const empty = fault === 'zero_length' || fault === 'no_sound';
  return { state: empty ? 'empty' : 'damaged', fault, seconds, settling: false, seen };
}

/** Length of the sound that is there, seconds, to the millisecond; 0 where the header doesn't tell. */
export function soundSeconds(bytes: Uint8Array, size: number): number {
  const wav = parseWav(bytes, size);
  return wav === 'none' || wav === 'more' ? 0 : wav.seconds(soundBytes(wav, size));
}

/** Bytes of sound that are there. @param size Of the file, bytes. */
export function soundBytes(wav: WavHeader, size: number): number {
  const sound = Math.max(0, size - wav.dataOffset);
  // What follows the sound is none, where the header is to be believed.
  return faultOfHeader(wav, size) === '' ? Math.min(wav.dataLength, sound) : sound;
}
