/**
 * What a daemon did to its files, in order and with every byte: read back from the log of slow-disk.c. Between the
 * operations stand the player's notes of what it had asked for and what it had been told by then.
 */
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Disk, slowDisk } from '../fault/disk.ts';

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
  | { readonly kind: 'note'; readonly text: string }
  /** Somebody else's file, Asterisk's say, is there whole. */
  | { readonly kind: 'foreign'; readonly path: string; readonly content: Buffer };

export interface Recorder extends Disk {
  /** Puts a note behind everything that has been done up to now. */
  note(text: string): void;
  /** Tells of a file that another process has put there. */
  foreign(path: string): void;
  /** Everything so far. */
  happenings(): Happening[];
}

/** @param watched The folder whose files are meant. @param own A folder for the log, which may be the same. */
export function recorder(watched: string, own: string): Recorder {
  const disk = slowDisk(watched, own);
  const data = join(own, 'disk-data');
  const log = join(own, 'disk-log');
  const add = (line: string) => appendFileSync(log, `${line}\n`);
  return {
    ...disk,
    env: { ...disk.env, CDRD_FAULT_DATA: data },
    clear() {
      disk.clear();
      rmSync(data, { force: true });
    },
    note: (text) => add(`note ${text}`),
    foreign: (path) => add(`foreign ${path} ${readFileSync(join(watched, path)).toString('base64')}`),
    happenings: () =>
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
      const [, mark, text = ''] = /^(note|synced|foreign) (.*)$/.exec(line) ?? [];
      if (mark === 'note') return { kind: 'note', text };
      if (mark === 'synced') return { kind: 'synced', number: Number(text) };
      if (mark === 'foreign') {
        const [path = '', content = ''] = text.split(' ');
        return { kind: 'foreign', path, content: Buffer.from(content, 'base64') };
      }
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
