/**
 * How far the store's numbers may have come, noted beside it: a store that is lost can't tell, and what takes its place
 * must give none of them to something else. The note runs ahead: before a number beyond it is given out, one some thousands
 * higher is made durable. So it is seldom written, and never too low.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { asDiskFault } from '../errors.ts';
import { numbersNote } from '../replaced.ts';
import { syncPath } from '../sync-path.ts';
import type { Database } from './database.ts';
import { lastNumbers, type Numbers } from './sequence.ts';

/** Numbers that a note is ahead of those given out: what it costs is passed over once, when a store is lost. */
const AHEAD: Numbers = { outbox: 30_000, call: 10_000 };

/** No higher ones than these have been given out by the store at `file`; null: there is no note that says so. */
export function notedNumbers(file: string): Numbers | null {
  try {
    const { outbox, call } = JSON.parse(readFileSync(numbersNote(file), 'utf8')) as Partial<Numbers>;
    return typeof outbox === 'number' && typeof call === 'number' ? { outbox, call } : null;
  } catch {
    return null; // not there, or unreadable, which tells nothing
  }
}

/**
 * @returns what is called at the end of each transaction, before it is committed.
 * It throws {StoreError} when the disk refuses the note: then nothing may be committed.
 */
export function createGivenOut(database: Database, file: string): () => void {
  let noted = notedNumbers(file) ?? { outbox: 0, call: 0 };
  return () => {
    const { outbox, call } = lastNumbers(database);
    if (outbox <= noted.outbox && call <= noted.call) return;
    const ahead = { outbox: outbox + AHEAD.outbox, call: call + AHEAD.call };
    try {
      write(numbersNote(file), ahead);
    } catch (error) {
      throw asDiskFault(error, 'noting how far the numbers may come');
    }
    noted = ahead;
  };
}

function write(path: string, numbers: Numbers): void {
  const draft = `${path}.new`;
  writeFileSync(draft, JSON.stringify(numbers), { mode: 0o600 });
  syncPath(draft);
  renameSync(draft, path);
  syncPath(dirname(path));
}
