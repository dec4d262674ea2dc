/** A CSV of Asterisk's on disk, plain or compressed: its lines, and the batches in which they are stored. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Leg } from '../../storage/model/leg.ts';
import type { Zone } from '../../storage/model/local-time.ts';
import type { CsvFault, CsvPosition, CsvProgress } from '../../storage/store.ts';
import type { CsvBatch } from '../../storage/write.ts';
import { CsvLineError, lineReader } from './cdr-csv.ts';

/** Records in one transaction: small enough that live records wait behind it for some 20 ms. */
const BATCH_LINES = 100;
/** Bytes of a line; Asterisk's own buffer for one is 1,024, ours of cdr_custom may hold long channel data. */
const LINE_MAX = 65_536;
/** Rotated files looked at: logrotate keeps a few weeks; beyond it the newest are taken. */
export const FILES_MAX = 64;
/** Of a line kept aside. */
const FAULT_TEXT_MAX = 2_000;
/** Bytes remembered from before a position: a record ends with its UniqueID or Sequence, so no two end alike. */
const TAIL_BYTES = 64;
/** Where a file is read from that was never read. */
export const BEGINNING: CsvProgress = { offset: 0, line: 0, tail: '' };

/** A CSV, or one of its rotated forms. */
export interface CsvFile {
  readonly path: string;
  readonly gzip: boolean;
  readonly size: number;
  readonly mtimeMs: number;
}

/** The file and its rotated forms, oldest first, itself last: between a rotation and the next call it isn't there. */
export async function filesOf(path: string): Promise<CsvFile[]> {
  const name = basename(path);
  const names = (await readdir(dirname(path))).filter(
    (other) => (other.startsWith(`${name}.`) || other.startsWith(`${name}-`)) && !/\.(bz2|xz|zst|tmp|swp)$/.test(other),
  );
  const rotated: CsvFile[] = [];
  for (const other of names) {
    const file = join(dirname(path), other);
    const found = await stat(file).catch(() => null); // logrotate may be at work
    if (found?.isFile())
      rotated.push({ path: file, gzip: file.endsWith('.gz'), size: found.size, mtimeMs: found.mtimeMs });
  }
  rotated.sort((a, b) => a.mtimeMs - b.mtimeMs);
  const current = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  const files = rotated.slice(-FILES_MAX);
  return current ? [...files, { path, gzip: false, size: current.size, mtimeMs: current.mtimeMs }] : files;
}

/** Hash of the first line: no two files begin with the same record. null: there is no complete line. */
export async function signatureOf(file: CsvFile): Promise<string | null> {
  for await (const { content } of completeLines(file, 0)) return createHash('sha1').update(content).digest('base64url');
  return null;
}

interface Line {
  readonly content: Buffer;
  /** Bytes with the line's end. */
  readonly length: number;
  readonly tooLong: boolean;
}

/** Lines that have their end, from a byte offset on. Of one that is too long only its beginning is kept. */
async function* completeLines(file: CsvFile, from: number): AsyncGenerator<Line> {
  const raw = createReadStream(file.path, file.gzip ? {} : { start: from });
  const stream: Readable = file.gzip ? raw.pipe(createGunzip()) : raw;
  if (file.gzip) raw.on('error', (error) => stream.destroy(error));
  let skip = file.gzip ? from : 0;
  let held: Buffer[] = [];
  let length = 0;
  try {
    for await (let chunk of stream as AsyncIterable<Buffer>) {
      if (skip > 0) {
        const skipped = Math.min(skip, chunk.length);
        skip -= skipped;
        chunk = chunk.subarray(skipped);
      }
      for (let at = 0; at < chunk.length; ) {
        const end = chunk.indexOf(0x0a, at);
        const piece = chunk.subarray(at, end < 0 ? chunk.length : end);
        if (length <= LINE_MAX) held.push(piece);
        length += piece.length;
        at += piece.length;
        if (end < 0) break;
        at++;
        yield { content: Buffer.concat(held), length: length + 1, tooLong: length > LINE_MAX };
        held = [];
        length = 0;
      }
    }
  } finally {
    raw.destroy();
    stream.destroy();
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * A power cut may leave zeros where ext4 had given the file its length and not yet its bytes. Asterisk goes on behind them,
 * in the same line: what stands there is a record, and what stands before them is the beginning of a lost one.
 */
function aroundZeros(content: Buffer): { cut: Buffer; rest: Buffer } {
  const last = content.lastIndexOf(0);
  if (last < 0) return { cut: Buffer.alloc(0), rest: content };
  return { cut: content.subarray(0, content.indexOf(0)), rest: content.subarray(last + 1) };
}

function textOf(bytes: Buffer): string {
  const line = bytes.at(-1) === 0x0d ? bytes.subarray(0, -1) : bytes;
  try {
    return utf8.decode(line);
  } catch {
    return line.toString('latin1');
  }
}

/** @param content A line without its end. */
function tailOf(content: Buffer): string {
  return Buffer.concat([content, Buffer.from('\n')])
    .subarray(-TAIL_BYTES)
    .toString('base64');
}

/**
 * Whether the file still has what was read of it. One that is compressed never changes. Blind to nothing but a position
 * that an earlier version left, which has no tail.
 * @throws when the file can't be read.
 */
export async function hasWhatWasRead(file: CsvFile, { offset, tail }: CsvProgress): Promise<boolean> {
  if (file.gzip) return true;
  if (file.size < offset) return false;
  const wanted = Buffer.from(tail, 'base64');
  const found = Buffer.alloc(wanted.length);
  const handle = await open(file.path);
  try {
    await handle.read(found, 0, found.length, offset - found.length);
  } finally {
    await handle.close();
  }
  return found.equals(wanted);
}

/**
 * Reads on from a position. Each batch holds where it ends; written together with it, no line comes twice or never.
 * @throws when the file can't be read.
 */
export async function* batchesOf(
  file: CsvFile,
  signature: string,
  from: CsvProgress,
  zone: Zone,
): AsyncGenerator<CsvBatch> {
  let { offset, line, tail } = from;
  let legs: Leg[] = [];
  let places: CsvPosition[] = [];
  let faults: CsvFault[] = [];
  let told = offset;
  const read = lineReader(await firstLine(file), zone);
  const batch = (): CsvBatch => {
    const full = { signature, path: file.path, offset, line, tail, legs, places, faults };
    [legs, places, faults, told] = [[], [], [], offset];
    return full;
  };
  for await (const bytes of completeLines(file, from.offset)) {
    const at = { offset, line: ++line };
    offset += bytes.length;
    tail = tailOf(bytes.content);
    const { cut, rest } = aroundZeros(bytes.content);
    const text = textOf(rest);
    const aside = (reason: string, what: string) => faults.push({ ...at, reason, text: what.slice(0, FAULT_TEXT_MAX) });
    if (cut.length > 0) aside('its end is zeros, as a power cut leaves them', textOf(cut));
    try {
      if (bytes.tooLong) throw new CsvLineError(`longer than ${LINE_MAX} bytes`);
      const leg = text === '' ? null : read(text);
      if (leg) {
        legs.push(leg);
        places.push(at);
      }
    } catch (error) {
      if (!(error instanceof CsvLineError)) throw error;
      aside(error.message, text);
    }
    if (legs.length + faults.length >= BATCH_LINES) yield batch();
  }
  if (offset > told) yield batch();
}

async function firstLine(file: CsvFile): Promise<string> {
  for await (const { content } of completeLines(file, 0)) return textOf(aroundZeros(content).rest);
  return '';
}
