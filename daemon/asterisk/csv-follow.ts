/**
 * Follows Asterisk's CDR CSV, the truth that survives our absence: every complete line becomes a record exactly once,
 * because how far a file was read is written in the transaction of its rows. A file is known by its first line, not by
 * its name or inode, so that rotation by renaming, copying or compressing changes nothing.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Leg } from '../../storage/model/leg.ts';
import type { Zone } from '../../storage/model/local-time.ts';
import type { CsvBatch, CsvFault, CsvPosition } from '../../storage/store.ts';
import type { Log } from '../log.ts';
import { CsvLineError, legOfCsvLine } from './cdr-csv.ts';

/** The store's side of it. Files are known by {@link signatureOf} their first line. */
export interface CsvIndex {
  /** Position by signature, of every file ever read that is still remembered. */
  positions(): Promise<ReadonlyMap<string, CsvPosition>>;
  /** Settles after the commit. */
  write(batch: CsvBatch): Promise<void>;
}

export interface CsvFollower {
  /** Reads everything that is new; settles when it's stored. Calls during one join the next, which begins at once after. */
  catchUp(): Promise<void>;
  readonly figures: CsvFigures;
  /** Stops between two batches. */
  close(): Promise<void>;
}

export interface CsvFigures {
  readonly lines: number;
  readonly faults: number;
  /** Bytes of the current file not read yet, at the last look. */
  readonly behind: number;
  /** '' when the last look went well. */
  readonly trouble: string;
}

/** Records in one transaction: small enough that live records wait behind it for some 20 ms. */
const BATCH_LINES = 100;
/** Bytes of a line; Asterisk's own buffer for one is 1,024, ours of cdr_custom may hold long channel data. */
const LINE_MAX = 65_536;
/** Rotated files looked at: logrotate keeps a few weeks; beyond it the newest are taken. */
const FILES_MAX = 64;
/** Of a line kept aside. */
const FAULT_TEXT_MAX = 2_000;

export interface CsvOptions {
  /** `asterisk.cdr_csv`; its rotated forms stand beside it: `Master.csv.1`, `Master.csv-20261124.gz`. */
  readonly path: string;
  readonly zone: Zone;
  readonly index: CsvIndex;
  readonly log: Log;
}

export function followCsv({ path, zone, index, log }: CsvOptions): CsvFollower {
  const figures = { lines: 0, faults: 0, behind: 0, trouble: '' };
  /** Signatures of compressed files, which never change: reading them means decompressing. */
  const compressed = new Map<string, string | null>();
  let closed = false;
  let running: Promise<void> = Promise.resolve();
  let queued: Promise<void> | null = null;

  async function look(): Promise<void> {
    try {
      const files = await filesOf(path);
      const known = await index.positions();
      const first = known.size === 0;
      for (const file of files) {
        if (closed) return;
        const signature = await signature_(file);
        if (signature === null) continue; // not one complete line yet
        const from = known.get(signature);
        // What was rotated before the first start is history that nobody asked for: `cdrd import` takes it.
        if (first && !from && file.path !== path) await index.write(seen(file, signature));
        else await read(file, signature, from ?? { offset: 0, line: 0 });
      }
      become('');
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      become(code === 'ENOENT' ? 'the file is not there' : message);
    }
  }

  function become(trouble: string): void {
    if (trouble !== figures.trouble)
      if (trouble) log.warn('the CDR CSV can not be read', { path, why: trouble });
      else log.info('the CDR CSV is read again', { path });
    figures.trouble = trouble;
  }

  async function signature_(file: CsvFile): Promise<string | null> {
    if (!file.gzip) return signatureOf(file);
    const key = `${file.path} ${file.size} ${file.mtimeMs}`;
    const known = compressed.get(key);
    if (known !== undefined) return known;
    if (compressed.size >= FILES_MAX * 2) compressed.clear();
    const found = await signatureOf(file);
    compressed.set(key, found);
    return found;
  }

  async function read(file: CsvFile, signature: string, from: CsvPosition): Promise<void> {
    if (!file.gzip && file.size <= from.offset) return;
    let { offset, line } = from;
    let legs: Leg[] = [];
    let faults: CsvFault[] = [];
    const flush = async () => {
      await index.write({ signature, path: file.path, offset, line, legs, faults });
      figures.lines += legs.length;
      figures.faults += faults.length;
      for (const { line: number, reason } of faults)
        log.warn('a line of the CDR CSV is no record; it is kept aside', { path: file.path, line: number, reason });
      legs = [];
      faults = [];
    };
    for await (const bytes of completeLines(file, from.offset)) {
      line++;
      const text = textOf(bytes.content);
      const at = { offset, line };
      offset += bytes.length;
      if (text !== '')
        try {
          if (bytes.tooLong) throw new CsvLineError(`longer than ${LINE_MAX} bytes`);
          legs.push(legOfCsvLine(text, zone));
        } catch (error) {
          if (!(error instanceof CsvLineError)) throw error;
          faults.push({ ...at, reason: error.message, text: text.slice(0, FAULT_TEXT_MAX) });
        }
      if (legs.length + faults.length >= BATCH_LINES) await flush();
      if (closed) return;
    }
    if (offset > from.offset) await flush();
    if (file.path === path) figures.behind = Math.max(0, file.size - offset);
  }

  return {
    catchUp() {
      queued ??= running.then(() => {
        queued = null;
        running = closed ? Promise.resolve() : look();
        return running;
      });
      return queued;
    },
    get figures() {
      return { ...figures };
    },
    async close() {
      closed = true;
      await running;
    },
  };
}

interface CsvFile {
  readonly path: string;
  readonly gzip: boolean;
  readonly size: number;
  readonly mtimeMs: number;
}

/** The file and its rotated forms, oldest first, itself last. @throws ENOENT when it isn't there. */
async function filesOf(path: string): Promise<CsvFile[]> {
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
  const { size, mtimeMs } = await stat(path);
  return [...rotated.slice(-FILES_MAX), { path, gzip: false, size, mtimeMs }];
}

/** All of a file counts as read. Of a compressed one the length is unknown; what can't be reached will do. */
function seen(file: CsvFile, signature: string): CsvBatch {
  const offset = file.gzip ? Number.MAX_SAFE_INTEGER : file.size;
  return { signature, path: file.path, offset, line: 0, legs: [], faults: [] };
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

function textOf(bytes: Buffer): string {
  const line = bytes.at(-1) === 0x0d ? bytes.subarray(0, -1) : bytes;
  try {
    return utf8.decode(line);
  } catch {
    return line.toString('latin1');
  }
}
