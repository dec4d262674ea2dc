/**
 * Follows Asterisk's CDR CSV, the truth that survives our absence: every complete line becomes a record exactly once,
 * because how far a file was read is written in the transaction of its rows. A file is known by its first line, not by
 * its name or inode, so that rotation by renaming, copying or compressing changes nothing. Nobody makes it durable, so a
 * power cut takes its end, also what was read of it; then it is read anew, and what is known already is known.
 */
import { isDiskFault } from '../../storage/errors.ts';
import type { Zone } from '../../storage/model/local-time.ts';
import type { CsvProgress } from '../../storage/store.ts';
import type { CsvBatch } from '../../storage/write.ts';
import type { Log } from '../log.ts';
import { BEGINNING, batchesOf, type CsvFile, FILES_MAX, filesOf, hasWhatWasRead, signatureOf } from './csv-file.ts';

/** The store's side of it. Files are known by {@link signatureOf} their first line. */
export interface CsvIndex {
  /** Position by signature, of every file ever read that is still remembered. */
  positions(): Promise<ReadonlyMap<string, CsvProgress>>;
  /** Settles after the commit. */
  write(batch: CsvBatch): Promise<unknown>;
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

export interface CsvOptions {
  /** `asterisk.cdr_csv`; its rotated forms stand beside it: `Master.csv.1`, `Master.csv-20261124.gz`. */
  readonly path: string;
  readonly zone: Zone;
  readonly index: CsvIndex;
  readonly log: Log;
}

export function followCsv({ path, zone, index, log }: CsvOptions): CsvFollower {
  const figures = { lines: 0, faults: 0, behind: 0, trouble: '' };
  /** Compressed files, which never change: their signatures, and whether they were read to the end. Either means unpacking. */
  const compressed = new Map<string, { readonly signature: string | null; whole: boolean }>();
  let closed = false;
  let running: Promise<void> = Promise.resolve();
  let queued: Promise<void> | null = null;

  async function look(): Promise<void> {
    let trouble = '';
    try {
      const files = await filesOf(path);
      const known = await index.positions();
      if (!files.some((file) => file.path === path)) trouble = 'the file is not there';
      for (const file of files) {
        if (closed) return;
        // One that can't be read (a .gz that a power cut left half) must not keep the others from being read.
        await readOn(file, known).catch((error: Error) => {
          if (isDiskFault(error)) throw error;
          trouble = `${file.path}: ${error.message}`;
        });
      }
    } catch (error) {
      // The store's, not the file's: what was not taken is read again when its disk takes writes.
      if (isDiskFault(error)) return;
      const { code, message } = error as NodeJS.ErrnoException;
      trouble = code === 'ENOENT' ? 'its folder is not there' : message;
    }
    become(trouble);
  }

  async function readOn(file: CsvFile, known: ReadonlyMap<string, CsvProgress>): Promise<void> {
    const signature = await knownSignature(file);
    if (signature === null) return; // not one complete line yet
    const from = known.get(signature);
    // What was rotated before the first start is history that nobody asked for: `cdrd import` takes it.
    if (known.size === 0 && file.path !== path) await index.write(seen(file, signature));
    else await read(file, signature, from ?? BEGINNING);
  }

  function become(trouble: string): void {
    if (trouble !== figures.trouble)
      if (trouble) log.warn('the CDR CSV can not be read', { path, why: trouble });
      else log.info('the CDR CSV is read again', { path });
    figures.trouble = trouble;
  }

  async function knownSignature(file: CsvFile): Promise<string | null> {
    if (!file.gzip) return signatureOf(file);
    const known = compressed.get(keyOf(file));
    if (known) return known.signature;
    if (compressed.size >= FILES_MAX * 2) compressed.clear();
    const signature = await signatureOf(file);
    compressed.set(keyOf(file), { signature, whole: false });
    return signature;
  }

  async function read(file: CsvFile, signature: string, from: CsvProgress): Promise<void> {
    const packed = file.gzip ? compressed.get(keyOf(file)) : undefined;
    if (packed?.whole || (!file.gzip && file.size === from.offset)) return;
    if (!(await hasWhatWasRead(file, from))) {
      log.warn('the CDR CSV has lost lines that were read, as after a power cut; it is read anew', { path: file.path });
      return read(file, signature, BEGINNING);
    }
    let { offset } = from;
    if (file.path === path) figures.behind = Math.max(0, file.size - offset);
    for await (const batch of batchesOf(file, signature, from, zone)) {
      await index.write(batch);
      offset = batch.offset;
      figures.lines += batch.legs.length;
      figures.faults += batch.faults.length;
      for (const { line, reason } of batch.faults)
        log.warn('a line of the CDR CSV is no record; it is kept aside', { path: file.path, line, reason });
      if (closed) return;
    }
    if (packed) packed.whole = true;
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

/** One that was written anew is another. */
function keyOf({ path, size, mtimeMs }: CsvFile): string {
  return `${path} ${size} ${mtimeMs}`;
}

/** All of a file counts as read. Of a compressed one the length is unknown; what can't be reached will do. */
function seen(file: CsvFile, signature: string): CsvBatch {
  const offset = file.gzip ? Number.MAX_SAFE_INTEGER : file.size;
  return { signature, path: file.path, offset, line: 0, tail: '', legs: [], places: [], faults: [] };
}
