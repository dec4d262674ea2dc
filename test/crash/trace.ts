/**
 * What a daemon did to its files, in order and with every byte: read back from the log of slow-disk.c. Between the
 * operations stand the player's notes of what it had asked for and what it had been told by then.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { slowDisk } from '../fault/disk.ts';

/** An operation, the return of an fsync, or a note. Paths are relative to the watched folder; '' = that folder. */
export type Happening =
  | { readonly kind: 'create' | 'unlink' | 'mkdir' | 'rmdir'; readonly path: string }
  | { readonly kind: 'write'; readonly path: string; readonly offset: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly path: string; readonly length: number }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }
  /** It has begun, and may not have come back yet. */
  | { readonly kind: 'sync'; readonly path: string; readonly number: number }
  /** What had been done to the file before the sync of that number began is durable. */
  | { readonly kind: 'synced'; readonly number: number }
  | { readonly kind: 'note'; readonly text: string };

export interface Recorder {
  /** For the process whose operations are recorded. */
  readonly env: Readonly<Record<string, string>>;
  /** Puts a note behind everything that has been done up to now. */
  note(text: string): void;
  /** Operations so far, without the notes. */
  operations(): number;
  /** Everything so far. */
  read(): Happening[];
}

/** @param watched The folder whose files are meant. @param own A folder for the log, outside of `watched`. */
export function recorder(watched: string, own: string): Recorder {
  const disk = slowDisk(watched, own);
  const data = join(own, 'disk-data');
  const log = disk.env['CDRD_FAULT_LOG'] as string;
  return {
    env: { ...disk.env, CDRD_FAULT_DATA: data },
    note: (text) => appendFileSync(log, `note ${text}\n`),
    operations: () => disk.read().operations.length,
    read: () =>
      existsSync(log)
        ? parseTrace(readFileSync(log, 'utf8'), existsSync(data) ? readFileSync(data) : Buffer.alloc(0), watched)
        : [],
  };
}

/** @throws at a line that it doesn't know, and when the bytes don't agree with the log. */
export function parseTrace(log: string, data: Buffer, watched: string): Happening[] {
  let read = 0;
  const take = (length: number): Buffer => {
    read += length;
    return data.subarray(read - length, read);
  };
  const relative = (path: string) => path.slice(watched.length + 1);
  const happenings = log
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Happening => {
      const [, mark, text = ''] = /^(note|synced) (.*)$/.exec(line) ?? [];
      if (mark === 'note') return { kind: 'note', text };
      if (mark === 'synced') return { kind: 'synced', number: Number(text) };
      const [, number, kind, absolute = '', offset, length] = /^(\d+) (\w+) (.*) (\d+) (\d+)$/.exec(line) ?? [];
      const path = relative(absolute);
      switch (kind) {
        case 'create':
        case 'unlink':
        case 'mkdir':
        case 'rmdir':
          return { kind, path };
        case 'write':
        case 'header':
          return { kind: 'write', path, offset: Number(offset), bytes: take(Number(length)) };
        case 'truncate':
          return { kind, path, length: Number(offset) };
        case 'rename':
          return { kind, path, to: relative(take(Number(length)).toString()) };
        case 'fsync':
        case 'headersync':
          return { kind: 'sync', path, number: Number(number) };
        default:
          throw new Error(`the disk's log has a strange line: ${line}`);
      }
    });
  if (read !== data.length) throw new Error(`the log tells of ${read} bytes, and ${data.length} were written`);
  return happenings;
}
