/** A file that may take the store's place: whether it is whole, ours, and not of a newer cdrd. */
import { rmSync } from 'node:fs';
import { StoreError, storeError } from '../errors.ts';
import { syncPath } from '../sync-path.ts';
import { type Database, openDatabase } from './database.ts';

export interface Examined {
  readonly schema: number;
  /** End of the newest record in it, epoch seconds; null: it has none. */
  readonly last: number | null;
}

/**
 * Reads all of it: a copy can be exact and yet one of a damaged store. 141 MB (200,000 calls) took 4 s of a Xeon's core; a
 * small ARM takes some ten times as long. Nothing beside the file is left.
 * @param newest The newest schema that this cdrd knows.
 * @throws {StoreError} `corrupt`, `newer`
 */
export function examine(path: string, newest: number): Examined {
  // A WAL that an earlier one left, killed in mid-work, would be taken in.
  clearBeside(path);
  try {
    const database = openDatabase(path);
    try {
      return examined(database, newest);
    } finally {
      database.close();
    }
  } catch (error) {
    throw storeError(error, 'examining a backup');
  } finally {
    clearBeside(path);
    syncPath(path);
  }
}

function clearBeside(path: string): void {
  for (const end of ['-wal', '-shm', '.lock']) rmSync(path + end, { recursive: true, force: true });
}

function examined(database: Database, newest: number): Examined {
  const fault = faultIn(database);
  if (fault !== '') throw new StoreError('corrupt', fault);
  const schema = Number(database.first('PRAGMA user_version')?.['user_version']);
  const tables = database.first("SELECT count(*) AS n FROM sqlite_schema WHERE name IN ('leg', 'call', 'outbox')");
  if (schema < 1 || tables?.['n'] !== 3) throw new StoreError('corrupt', 'it is no store of cdrd');
  if (schema > newest)
    throw new StoreError(
      'newer',
      `it has schema ${schema}, this cdrd knows up to ${newest}: install the newer cdrd first`,
    );
  const last = database.first('SELECT end_at FROM leg ORDER BY id DESC LIMIT 1')?.['end_at'];
  return { schema, last: last === undefined ? null : Number(last) };
}

/** What SQLite finds wrong, its first line; '' = nothing. */
export function faultIn(database: Database): string {
  return firstFault(database, 'integrity_check');
}

/** The same without comparing each index with its table: all pages are read, for a third of the time. */
export function quickFaultIn(database: Database): string {
  return firstFault(database, 'quick_check');
}

function firstFault(database: Database, check: string): string {
  const found = String(database.first(`PRAGMA ${check}(1)`)?.[check]);
  return found === 'ok' ? '' : found.replace(/\s+/g, ' ').slice(0, 200);
}
