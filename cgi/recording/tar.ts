/**
 * The uncompressed tar of 20036 (POSIX.1-2001: ustar, with a pax header for names that ustar can't hold). Written here and
 * not by a package because its length is known before its first byte: the client is told, and so sees a broken transfer
 * for what it is. It is about as fast as archiver's and loads nothing (test/recordings/archive.bench.ts).
 */

import { type Entry, readEntries } from './entry.ts';
import type { Margins, RecordingFiles } from './port.ts';

const BLOCK = 512;
/** Two blocks of zeros. */
const END = new Uint8Array(2 * BLOCK);
/** What eleven octal digits hold. A WAV's own sizes end at 4 GB. */
const SIZE_MAX = 8 ** 11 - 1;

/** Bytes of the whole archive. */
export function tarSize(entries: readonly Entry[]): number {
  return entries.reduce((sum, entry) => sum + headersLength(entry) + padded(entry.size), END.length);
}

/**
 * The archive, as it is asked for: no more than one piece is read ahead. A piece is good until the next is asked for.
 * @throws what reading throws.
 */
export async function* tar(
  entries: readonly Entry[],
  files: Pick<RecordingFiles, 'readAll'>,
): AsyncGenerator<Uint8Array> {
  const margins = (index: number): Margins => {
    const entry = entries[index] as Entry;
    return { before: headersLength(entry), after: padded(entry.size) - entry.size };
  };
  for await (const { bytes, parts } of readEntries(entries, files, margins)) {
    for (const { index, at, length, first, last } of parts) {
      const entry = entries[index] as Entry;
      if (first) bytes.set(headers(entry), at - headersLength(entry));
      if (last) bytes.fill(0, at + length, at + length + padded(entry.size) - entry.size);
    }
    yield bytes;
  }
  yield END;
}

/** A small archive of texts of ours, as a whole. @param mtimeMs Of each, milliseconds since 1970. */
export function tarOfTexts(
  files: readonly { readonly name: string; readonly text: string }[],
  mtimeMs: number,
): Buffer {
  const blocks = files.flatMap(({ name, text }) => {
    const content = Buffer.from(text);
    const rest = Buffer.alloc(padded(content.length) - content.length);
    return [headers({ name, size: content.length, mtimeMs, content }), content, rest];
  });
  return Buffer.concat([...blocks, END]);
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}

/** Bytes of {@link headers}. */
function headersLength({ name }: Entry): number {
  return splitName(Buffer.from(name)) ? BLOCK : 2 * BLOCK + padded(paxRecord('path', name).length);
}

/** The blocks before a file's bytes. */
function headers(entry: Entry): Uint8Array {
  const seconds = Math.max(0, Math.floor(entry.mtimeMs / 1000));
  const name = Buffer.from(entry.name);
  const split = splitName(name);
  if (split) return header({ ...split, size: entry.size, seconds, type: '0' });
  const record = paxRecord('path', entry.name);
  const pax = Buffer.alloc(padded(record.length));
  record.copy(pax);
  const empty = Buffer.alloc(0);
  const short = { name: name.subarray(0, 100), prefix: empty };
  return Buffer.concat([
    header({ name: Buffer.from('pax-header'), prefix: empty, size: record.length, seconds, type: 'x' }),
    pax,
    header({ ...short, size: entry.size, seconds, type: '0' }),
  ]);
}

/** A name as ustar holds it: up to 100 bytes, or up to 155 more before a slash; ASCII. null: it can't. */
function splitName(name: Buffer): { readonly name: Buffer; readonly prefix: Buffer } | null {
  if (name.some((byte) => byte > 126 || byte < 32)) return null;
  if (name.length <= 100) return { name, prefix: Buffer.alloc(0) };
  const slash = name.indexOf('/', name.length - 101);
  if (slash < 1 || slash > 155) return null;
  return { name: name.subarray(slash + 1), prefix: name.subarray(0, slash) };
}

/** `LENGTH key=value\n`, whose length counts its own digits. */
function paxRecord(key: string, value: string): Buffer {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (rest + String(length).length !== length) length += 1;
  return Buffer.from(`${length} ${key}=${value}\n`);
}

interface Header {
  readonly name: Buffer;
  readonly prefix: Buffer;
  readonly size: number;
  /** Epoch. */
  readonly seconds: number;
  readonly type: '0' | 'x';
}

function header({ name, prefix, size, seconds, type }: Header): Buffer {
  if (size > SIZE_MAX) throw new Error('a file of over 8 GB');
  const block = Buffer.allocUnsafe(BLOCK).fill(0); // of the pool: memory of its own each time costs more than its bytes
  const octal = (value: number, at: number, digits: number) =>
    block.write(value.toString(8).padStart(digits, '0'), at, 'latin1');
  name.copy(block, 0);
  octal(0o644, 100, 7);
  octal(0, 108, 7); // root's, as whoever unpacks it wishes
  octal(0, 116, 7);
  octal(size, 124, 11);
  octal(seconds, 136, 11);
  block.fill(' ', 148, 156); // the checksum counts as blanks
  block.write(type, 156, 'latin1');
  block.write('ustar\0' + '00', 257, 'latin1');
  prefix.copy(block, 345);
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}
