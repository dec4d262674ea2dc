/**
 * Says whether a recording is finished, from its header, its size and what the previous look saw. Pure. Nobody tells us
 * that Asterisk has closed a file (16.28 raises no MixMonitorStop at hang-up): finished means that the header agrees with
 * the size and that two looks saw the same file (appliance-facts, "The medium").
 */
import { EMPTY_MS, LOOKS_APART_MS, SETTLED_MS, SETTLED_REMOTE_MS, UNFINISHED_MS } from './limits.ts';
import { parseWav } from './wav.ts';

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

/** Judges one look. `previous` is what the look before left, if there was one. Never throws. */
export function judge(file: FileFacts, previous: Seen | undefined, clock: Clock): Judgement {
  const since = stillSince(file, previous, clock);
  const still = clock.mono - since;
  const seen: Seen = { size: file.size, mtimeMs: file.mtimeMs, since };
  const when = (state: 'ok' | 'empty' | 'damaged', after: number, seconds: number): Judgement => ({
    state: still >= after ? state : 'growing',
    seconds,
    settling: still < after && after === LOOKS_APART_MS,
    seen,
  });

  if (file.size === 0) return when('empty', EMPTY_MS, 0);
  const wav = parseWav(file.bytes, file.size);
  if (wav === 'none' || wav === 'more') return when('damaged', EMPTY_MS, 0);
  const sound = file.size - wav.dataOffset;
  // A busy call leaves a header of 44 bytes and no sound; a call just answered looks the same.
  if (sound <= 0) return when('empty', EMPTY_MS, 0);
  // One byte either way: an odd chunk is padded, and wav49 announces the pad before it writes it.
  const inside = wav.dataLength > 0 && wav.dataLength <= sound + 1;
  const agrees = inside && (wav.dataLength >= sound - 1 || Math.abs(wav.fileLength - file.size) <= 1);
  if (agrees) return when('ok', LOOKS_APART_MS, wav.seconds(Math.min(wav.dataLength, sound)));
  return when('damaged', UNFINISHED_MS, wav.seconds(sound));
}
