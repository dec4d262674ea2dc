/**
 * Reads the header of a WAV file: where the sound starts, how long it says it is and how many seconds a number of bytes
 * lasts. Pure. Asterisk writes PCM (`.wav`, 44-byte header) and GSM (`wav49`, 60-byte header); other programs put chunks
 * of their own before the sound, and a header under construction says 0.
 */

export interface WavHeader {
  /** Bytes before the sound. */
  readonly dataOffset: number;
  /** Length of the sound as the header says, bytes. */
  readonly dataLength: number;
  /** Length of the file as the header says, bytes (RIFF size + 8). */
  readonly fileLength: number;
  /** Bytes that can't be parted: a sample of all channels, or two GSM frames. */
  readonly block: number;
  /** How the sound is written; null where the header has no word of it. */
  readonly format: WavFormat | null;
  /** Seconds that so many bytes of sound last, to the millisecond; 0 when the header doesn't tell. */
  seconds(bytes: number): number;
}

export interface WavFormat {
  /** 1 PCM, 6 A-law, 7 µ-law, 49 GSM; an extensible header's own is looked up. */
  readonly tag: number;
  readonly channels: number;
  /** Samples a second. */
  readonly rate: number;
  /** Of one sample. */
  readonly bits: number;
}

/** 'more' = the sound's chunk begins beyond the bytes given; 'none' = no WAV. */
export type WavParse = WavHeader | 'more' | 'none';

const GSM = 49;
const EXTENSIBLE = 0xfffe;
/** PCM, A-law, µ-law and extensible: constant bytes a sample. */
const linear = new Set([1, 6, 7, EXTENSIBLE]);
/** Of an extensible format's chunk, where the tag that it stands for is. */
const OWN_TAG_AT = 24;

function ascii(view: DataView, at: number): string {
  return String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3));
}

function lengthOf(view: DataView, at: number): (bytes: number) => number {
  const tag = view.getUint16(at, true);
  const channels = view.getUint16(at + 2, true);
  const rate = view.getUint32(at + 4, true);
  const bits = view.getUint16(at + 14, true);
  let byteRate = view.getUint32(at + 8, true);
  if (linear.has(tag) && rate * channels * bits > 0) byteRate = (rate * channels * bits) / 8;
  // Two GSM frames share 65 bytes and make 320 samples (asterisk formats/format_wav_gsm.c).
  if (tag === GSM) return (bytes) => (rate > 0 ? Math.round((Math.floor(bytes / 65) * 320_000) / rate) / 1000 : 0);
  return (bytes) => (byteRate > 0 ? Math.round((bytes * 1000) / byteRate) / 1000 : 0);
}

function formatOf(view: DataView, at: number, length: number): WavFormat {
  const tag = view.getUint16(at, true);
  const hasOwn = tag === EXTENSIBLE && length >= OWN_TAG_AT + 2 && at + OWN_TAG_AT + 2 <= view.byteLength;
  return {
    tag: hasOwn ? view.getUint16(at + OWN_TAG_AT, true) : tag,
    channels: view.getUint16(at + 2, true),
    rate: view.getUint32(at + 4, true),
    bits: view.getUint16(at + 14, true),
  };
}

/** Whether a file's beginning is that of a WAV at all. */
export function isRiff(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return bytes.length >= 12 && ascii(view, 0) === 'RIFF' && ascii(view, 8) === 'WAVE';
}

/**
 * @param bytes the file's beginning.
 * @param size the file's size, bytes: tells a header that goes on from one that ends.
 */
export function parseWav(bytes: Uint8Array, size: number): WavParse {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const beyond = bytes.length < size ? 'more' : 'none';
  if (!isRiff(bytes)) return 'none';
  const fileLength = view.getUint32(4, true) + 8;
  let seconds: ((bytes: number) => number) | undefined;
  let format: WavFormat | null = null;
  let block = 1;
  for (let at = 12; ; ) {
    if (at + 8 > bytes.length) return beyond;
    const id = ascii(view, at);
    const length = view.getUint32(at + 4, true);
    if (id === 'data') {
      return { dataOffset: at + 8, dataLength: length, fileLength, block, format, seconds: seconds ?? (() => 0) };
    }
    if (id === 'fmt ') {
      if (length < 16) return 'none';
      if (at + 24 > bytes.length) return beyond;
      seconds = lengthOf(view, at + 8);
      format = formatOf(view, at + 8, length);
      block = view.getUint16(at + 20, true) || 1;
    }
    at += 8 + length + (length & 1);
    if (at >= size) return 'none';
  }
}
