/**
 * How loud a recording is, part by part, for whoever draws it: the strongest sample of each part. Pure. A long recording is
 * read in samples of its parts, not whole: an hour is 58 MB, and a stick gives 20 MB a second.
 */
import { soundBytes } from './finished.ts';
import { PEAK_READ_BYTES, PEAK_READS } from './limits.ts';
import type { WavFormat, WavHeader } from './wav.ts';

/** What a recording's header says of its sound. */
export interface SoundFacts {
  /** Seconds of sound, to the millisecond; 0 where the header doesn't tell. */
  readonly seconds: number;
  /** How it is written, for people: `PCM 16 bit`, `GSM`. */
  readonly coding: string;
  /** Whether every sample was looked at. */
  readonly exact: boolean;
  /** Why there is nothing to draw; '' where there is. */
  readonly why: string;
}

/** Where a part's samples are read, bytes of the file. */
export interface Probe {
  readonly from: number;
  readonly length: number;
}

export interface PeakPlan {
  readonly facts: SoundFacts;
  /** Parts that there will be: fewer than asked for when there are fewer samples. */
  readonly count: number;
  probes(part: number): Probe[];
  /** 0 silence, 100 as loud as the coding can say. @param bytes What a probe of this plan read. */
  peak(bytes: Uint8Array): number;
}

interface Coding {
  readonly name: string;
  /** Bytes of one sample. */
  readonly bytes: number;
  /** Distance from silence, 0 to 1. */
  level(view: DataView, at: number): number;
}

const PCM = 1;
const A_LAW = 6;
const MU_LAW = 7;
const OTHER_NAMES: ReadonlyMap<number, string> = new Map([
  [2, 'ADPCM'],
  [3, 'floating point'],
  [17, 'IMA ADPCM'],
  [49, 'GSM'],
]);

/** Of ITU-T G.711: the sign is of no interest here. */
function muLaw(byte: number): number {
  const inverted = ~byte & 0x7f;
  return ((((inverted & 0x0f) << 3) + 0x84) << (inverted >> 4)) - 0x84;
}

function aLaw(byte: number): number {
  const even = (byte ^ 0x55) & 0x7f;
  const segment = even >> 4;
  const step = ((even & 0x0f) << 4) + 8;
  return segment === 0 ? step : (step + 0x100) << (segment - 1);
}

/** A-law has no silence: its smallest step stands for it. */
const A_LAW_SILENCE = 8;
const FULL = 32_768;

function codingOf({ tag, bits }: WavFormat): Coding | null {
  if (tag === MU_LAW && bits === 8)
    return { name: 'µ-law', bytes: 1, level: (view, at) => muLaw(view.getUint8(at)) / FULL };
  if (tag === A_LAW && bits === 8)
    return { name: 'A-law', bytes: 1, level: (view, at) => (aLaw(view.getUint8(at)) - A_LAW_SILENCE) / FULL };
  if (tag !== PCM) return null;
  const name = `PCM ${bits} bit`;
  if (bits === 8) return { name, bytes: 1, level: (view, at) => Math.abs(view.getUint8(at) - 128) / 128 };
  if (bits === 16) return { name, bytes: 2, level: (view, at) => Math.abs(view.getInt16(at, true)) / FULL };
  // Of wider ones the upper 16 bits say all that is drawn.
  if (bits === 24) return { name, bytes: 3, level: (view, at) => Math.abs(view.getInt16(at + 1, true)) / FULL };
  if (bits === 32) return { name, bytes: 4, level: (view, at) => Math.abs(view.getInt16(at + 2, true)) / FULL };
  return null;
}

function nameOf({ tag, bits }: WavFormat): string {
  return OTHER_NAMES.get(tag) ?? (tag === PCM ? `PCM ${bits} bit` : `coding ${tag}`);
}

const CHANNELS_MAX = 16;

/** @param size Of the file, bytes. @param count Parts wanted, 1 to {@link PEAK_READS}. */
export function planPeaks(wav: WavHeader | 'more' | 'none', size: number, count: number): PeakPlan {
  if (wav === 'none' || wav === 'more') return nothing('', 0, 'its header is not that of a WAV file');
  const { format, dataOffset } = wav;
  const sound = soundBytes(wav, size);
  const seconds = wav.seconds(sound);
  if (!format) return nothing('', seconds, 'its header does not say how the sound is written');
  const coding = codingOf(format);
  const name = coding?.name ?? nameOf(format);
  if (!coding) return nothing(name, seconds, `sound of this kind (${name}) can't be drawn`);
  if (format.channels < 1 || format.channels > CHANNELS_MAX)
    return nothing(name, seconds, `sound of ${format.channels} channels can't be drawn`);
  /** One sample of each channel. */
  const frame = coding.bytes * format.channels;
  const frames = Math.floor(sound / frame);
  if (frames === 0) return nothing(name, seconds, 'there is no sound in it');
  const parts = Math.min(count, frames);
  const probes = Math.max(1, Math.floor(PEAK_READS / parts));
  const probeFrames = Math.floor(PEAK_READ_BYTES / frame);
  const firstOf = (part: number) => Math.floor((part * frames) / parts);
  const exact = Math.ceil(frames / parts) <= probes * probeFrames;
  const probe = (first: number, length: number): Probe => ({
    from: dataOffset + first * frame,
    length: length * frame,
  });
  return {
    facts: { seconds, coding: name, exact, why: '' },
    count: parts,
    probes(part) {
      const first = firstOf(part);
      const length = firstOf(part + 1) - first;
      if (exact) return [probe(first, length)];
      // Spread over the part, each in the middle of its share.
      const share = length / probes;
      return Array.from({ length: probes }, (_, index) =>
        probe(first + Math.floor(index * share + (share - probeFrames) / 2), probeFrames),
      );
    },
    peak(bytes) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      let most = 0;
      for (let at = 0; at + coding.bytes <= bytes.length; at += coding.bytes)
        most = Math.max(most, coding.level(view, at));
      return Math.min(100, Math.round(most * 100));
    },
  };
}

function nothing(coding: string, seconds: number, why: string): PeakPlan {
  return { facts: { seconds, coding, exact: false, why }, count: 0, probes: () => [], peak: () => 0 };
}
