/**
 * The zip of 20036 (PKWARE's APPNOTE 6.3.10): stored, because sound hardly shrinks and the box has better to do; for those
 * whose system opens no tar. Written here because archiver's grew the process by 340 MB for 500 MB of recordings, at a
 * quarter of the speed, and can't tell its length ahead (test/recordings/archive.bench.ts).
 */
import { crc32 } from 'node:zlib';
import { type Entry, readEntries } from './entry.ts';
import type { Margins, RecordingFiles } from './port.ts';

/** From here on a size or an offset doesn't fit into four bytes. */
const BIG = 0xffff_ffff;
/** Bit 3: the checksum stands behind the bytes. Bit 11: names are UTF-8. */
const FLAGS = 0x0808;
const VERSION = 20;
/** Zip64 in the central directory. */
const VERSION_64 = 45;
/** Unix: the upper half of the attributes is a mode. */
const MADE_BY = (3 << 8) | VERSION_64;
const MODE = (0o100_644 << 16) >>> 0;

/** Bytes behind a file's own: its checksum and size. */
const DESCRIPTOR = 16;

interface Written {
  readonly entry: Entry;
  readonly crc: number;
  /** Of its local header. */
  readonly offset: number;
}

/** Bytes of the whole archive. */
export function zipSize(entries: readonly Entry[]): number {
  let offset = 0;
  let directory = 0;
  for (const entry of entries) {
    directory += central({ entry, crc: 0, offset }).length;
    offset += local(entry).length + entry.size + DESCRIPTOR;
  }
  return offset + directory + end(entries.length, offset, directory).length;
}

/** Whether a zip of this kind can hold it. */
export function fitsZip({ size }: Entry): boolean {
  return size < BIG;
}

/**
 * The archive, as it is asked for: no more than one piece is read ahead. A piece is good until the next is asked for.
 * @throws what reading throws.
 */
export async function* zip(
  entries: readonly Entry[],
  files: Pick<RecordingFiles, 'readAll'>,
): AsyncGenerator<Uint8Array> {
  const written: Written[] = [];
  let offset = 0;
  let crc = 0;
  const margins = (index: number): Margins => ({ before: local(entries[index] as Entry).length, after: DESCRIPTOR });
  for await (const { bytes, parts } of readEntries(entries, files, margins)) {
    for (const { index, at, length, first, last } of parts) {
      const entry = entries[index] as Entry;
      if (first) {
        const header = local(entry);
        bytes.set(header, at - header.length);
        crc = 0;
      }
      crc = crc32(bytes.subarray(at, at + length), crc);
      if (!last) continue;
      bytes.set(fields([4, 0x0807_4b50], [4, crc], [4, entry.size], [4, entry.size]), at + length);
      written.push({ entry, crc, offset });
      offset += local(entry).length + entry.size + DESCRIPTOR;
    }
    yield bytes;
  }
  let directory = 0;
  for (const each of written) {
    const record = central(each);
    directory += record.length;
    yield record;
  }
  yield end(entries.length, offset, directory);
}

type Field = readonly [bytes: 2 | 4 | 8, value: number];

function fields(...all: readonly Field[]): Buffer {
  const block = Buffer.alloc(all.reduce((sum, [bytes]) => sum + bytes, 0));
  let at = 0;
  for (const [bytes, value] of all) {
    if (bytes === 8) block.writeBigUInt64LE(BigInt(value), at);
    else block.writeUIntLE(value, at, bytes);
    at += bytes;
  }
  return block;
}

/** What a local header and the central directory's record have in common. */
function common({ mtimeMs }: Entry): readonly Field[] {
  const [time, date] = dosTime(mtimeMs);
  return [
    [2, FLAGS],
    [2, 0], // stored
    [2, time],
    [2, date],
  ];
}

/** In UTC, for programs that don't read {@link stamp}. The format knows the years 1980 to 2107, in steps of 2 s. */
function dosTime(ms: number): readonly [time: number, date: number] {
  const at = new Date(Math.min(Math.max(ms, Date.UTC(1980, 0, 1)), Date.UTC(2107, 11, 31)));
  const time = (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1);
  return [time, ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate()];
}

/** The extended timestamp, in UTC: what programs that know it show in their own zone. */
function stamp({ mtimeMs }: Entry): Buffer {
  const seconds = Math.min(Math.max(0, Math.floor(mtimeMs / 1000)), 0x7fff_ffff);
  return Buffer.concat([fields([2, 0x5455], [2, 5]), Buffer.of(1), fields([4, seconds])]);
}

function local(entry: Entry): Buffer {
  const name = Buffer.from(entry.name);
  const extra = stamp(entry);
  const unknown: readonly Field[] = [
    [4, 0],
    [4, 0],
    [4, 0],
  ];
  const head = fields(
    [4, 0x0403_4b50],
    [2, VERSION],
    ...common(entry),
    ...unknown,
    [2, name.length],
    [2, extra.length],
  );
  return Buffer.concat([head, name, extra]);
}

function central({ entry, crc, offset }: Written): Buffer {
  const name = Buffer.from(entry.name);
  const far = offset >= BIG ? fields([2, 1], [2, 8], [8, offset]) : Buffer.alloc(0);
  const extra = Buffer.concat([far, stamp(entry)]);
  return Buffer.concat([
    fields([4, 0x0201_4b50], [2, MADE_BY], [2, far.length > 0 ? VERSION_64 : VERSION], ...common(entry)),
    fields([4, crc], [4, entry.size], [4, entry.size], [2, name.length], [2, extra.length], [2, 0], [2, 0], [2, 0]),
    fields([4, MODE], [4, Math.min(offset, BIG)]),
    name,
    extra,
  ]);
}

function end(count: number, offset: number, directory: number): Buffer {
  const far = offset >= BIG || directory >= BIG || count >= 0xffff;
  const plain = fields(
    [4, 0x0605_4b50],
    [2, 0],
    [2, 0],
    [2, Math.min(count, 0xffff)],
    [2, Math.min(count, 0xffff)],
    [4, Math.min(directory, BIG)],
    [4, Math.min(offset, BIG)],
    [2, 0],
  );
  if (!far) return plain;
  return Buffer.concat([
    fields([4, 0x0606_4b50], [8, 44], [2, MADE_BY], [2, VERSION_64], [4, 0], [4, 0]),
    fields([8, count], [8, count], [8, directory], [8, offset]),
    fields([4, 0x0706_4b50], [4, 0], [8, offset + directory], [4, 1]),
    plain,
  ]);
}
