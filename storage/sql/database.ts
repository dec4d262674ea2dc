/**
 * The database file, opened in the one way in which it survives a kill and a power cut: WAL in EXCLUSIVE mode with
 * synchronous=FULL, created under a temporary name, fenced against other SQLite programs, its folder fsynced before
 * the first write. The caller holds the process lock (daemon/lock.ts) and has removed a stale `<file>.lock` before.
 */
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import sqlite from 'node-sqlite3-wasm';
import { diskFaultOf, freeBytes } from '../disk.ts';
import { isDiskFault, StoreError, type StoreErrorCode, storeError } from '../errors.ts';
import { isBeingReplaced } from '../replaced.ts';
import { syncPath } from '../sync-path.ts';
import { leaveReadingPlace, makeReadingPlace } from './reading-place.ts';
import { finishReplacing } from './replace.ts';
import { createStatements } from './statements.ts';

/** What may be bound. `undefined`, dates and booleans are refused by the type: the package would bind them wrongly or throw. */
export type Bind = string | number | bigint | null | Uint8Array;
export type Row = Record<string, string | number | bigint | Uint8Array | null>;

/** Plain data: it is posted between threads. */
export type Outcome<T> =
  | { readonly done: T }
  | { readonly failed: { readonly code: StoreErrorCode; readonly message: string } };

export interface Database {
  all(sql: string, binds?: readonly Bind[]): Row[];
  first(sql: string, binds?: readonly Bind[]): Row | undefined;
  /** Runs one statement; returns the number of changed rows and the last row id. */
  run(sql: string, binds?: readonly Bind[]): { changes: number; id: number };
  /**
   * One durable transaction. When `work` throws, or the disk refuses, nothing of it stays. Not nestable: see
   * {@link Database.attempt}. After a refusal, be it of an fsync, SQLite has rolled back by itself and writes the same places
   * of the log anew the next time: nothing needs to be opened again. It must not be: what an fsync refused still lies in the
   * page cache, and would be taken for durable.
   */
  transaction<T>(work: () => T): T;
  /**
   * A savepoint inside a transaction: when `work` throws, only its own changes are undone.
   * @throws {StoreError} when SQLite has undone the whole transaction, as it may when the disk refuses.
   */
  attempt<T>(work: () => T): Outcome<T>;
  /**
   * How often something that was written has been undone. What is remembered of the rows beside the database holds for as
   * long as this stays what it was.
   */
  readonly undone: number;
  /** Milliseconds that the last commit took, fsync included. */
  readonly lastCommitMs: number;
  /** Why it can only be read: what its disk said when it was opened. null: it's written as well. */
  readonly onlyRead: StoreError | null;
  /** Of the log. One that goes on growing has lost its checkpoints: SQLite tells nobody of one that fails after a commit. */
  readonly logBytes: number;
  /**
   * Writes a page durably, which changes nothing, and brings the log into the file, whose room it gives back; where it could only be read, it is
   * opened for writing first. No other way tells that the disk takes writes again.
   * @throws {StoreError} what the disk refuses; everything is as it was.
   */
  prove(): void;
  close(): void;
}

/** Small on purpose: a larger cache cost memory and brought no consistent gain. The log: see checkpoints.ts. */
const PRAGMAS = [
  'PRAGMA synchronous=FULL',
  'PRAGMA cache_size=-2000',
  'PRAGMA journal_size_limit=4194304',
  'PRAGMA foreign_keys=ON',
];

/** With less than this free, bytes, a refused write means a full disk: a commit and its checkpoint want some pages. */
const DISK_FULL_BELOW = 256 * 1024;

/**
 * Opens or creates the database at `file`, whatever its schema (migrate.ts brings that up to date).
 * @param readingFolder A folder of this process alone, on another disk: with it a database whose disk takes no writes is
 *   opened for reading ({@link Database.onlyRead}).
 * @throws {StoreError} `io` when the disk refuses, `disk_full`, `read_only`, `corrupt` when it isn't a database.
 */
export function openDatabase(file: string, readingFolder?: string): Database {
  try {
    return wrap(openForWriting(file), file, null, readingFolder);
  } catch (error) {
    const fault = diskFaultOf(faultOf(error, `opening ${file}`, file), dirname(file));
    // Another is to take its place: carried out later, while that is in use, nobody would bring it up to date.
    if (readingFolder === undefined || !isDiskFault(fault) || !existsSync(file) || isBeingReplaced(file)) throw fault;
    return wrap(openForReading(file, readingFolder, fault), file, fault, readingFolder);
  }
}

/**
 * Opens the database to look at it: neither its file, nor its log, nor their folder is touched.
 * @param folder A folder of this process alone, which comes and goes with it. @param withLog Whether what is in the log is
 *   seen; without it, it is the file alone as a checkpoint has left it.
 * @throws {StoreError} `corrupt`, `io`
 */
export function openUntouched(file: string, folder: string, withLog: boolean): Database {
  refuseEmpty(file);
  try {
    const looking = new StoreError('read_only', `${file} is only looked at`);
    return wrap(connectForReading(makeReadingPlace(file, folder, withLog)), file, looking, folder);
  } catch (error) {
    leaveReadingPlace(folder);
    throw storeError(error, `looking at ${file}`);
  }
}

function openForWriting(file: string): sqlite.Database {
  finishReplacing(file);
  if (!existsSync(file)) create(file);
  refuseEmpty(file);
  fence(`${file}-shm`);
  return connect(file);
}

/** SQLite would take it for a new database. Ours come by renaming, whole: this one was emptied. */
function refuseEmpty(file: string): void {
  if (statSync(file).size === 0) throw new StoreError('corrupt', `${file} is empty`);
}

/** @throws {StoreError} `fault`, with why it can't even be read. */
function openForReading(file: string, folder: string, fault: StoreError): sqlite.Database {
  try {
    return connectForReading(makeReadingPlace(file, folder));
  } catch (error) {
    throw new StoreError(fault.code, `${fault.message}; nor can it be read: ${(error as Error).message}`);
  }
}

/**
 * A folder in the place of the shared-memory file keeps every other SQLite program read-only: without it a plain SELECT
 * by the sqlite3 tool checkpoints and unlinks the WAL under us, and acknowledged rows are lost.
 */
function fence(path: string): void {
  // A file there was left by another program while we were away; it holds nothing that SQLite can't make again.
  if (statSync(path, { throwIfNoEntry: false })?.isFile()) rmSync(path);
  mkdirSync(path, { recursive: true });
}

/** ENOSPC, EIO and a failed fsync read alike in this build: the free space tells which it was. */
function faultOf(error: unknown, doing: string, file: string): StoreError {
  const fault = storeError(error, doing);
  const isFull = fault.code === 'io' && (freeBytes(dirname(file)) ?? DISK_FULL_BELOW) < DISK_FULL_BELOW;
  return isFull ? new StoreError('disk_full', fault.message) : fault;
}

/** A new file's conversion to WAL runs through an unsafe journal, so it happens under another name. */
function create(file: string): void {
  const fresh = `${file}.new`;
  for (const leftover of [fresh, `${fresh}-wal`, `${fresh}-journal`, `${fresh}.lock`])
    rmSync(leftover, { recursive: true, force: true });
  const handle = new sqlite.Database(fresh);
  handle.exec('PRAGMA auto_vacuum=2'); // must stand before the first table
  useWal(handle);
  handle.exec('CREATE TABLE born (at INTEGER) STRICT; DROP TABLE born');
  handle.close();
  syncPath(fresh);
  renameSync(fresh, file);
  syncPath(dirname(file));
}

function connectForReading(file: string): sqlite.Database {
  const handle = new sqlite.Database(file, { readOnly: true });
  useWal(handle);
  for (const pragma of PRAGMAS) handle.exec(pragma);
  return handle;
}

function connect(file: string): sqlite.Database {
  const handle = new sqlite.Database(file, { fileMustExist: true });
  try {
    useWal(handle);
    for (const pragma of PRAGMAS) handle.exec(pragma);
    return handle;
  } catch (error) {
    handle.close(); // or its lock would stand in the way of whoever repairs this
    throw error;
  }
}

/** WAL works in this build only after EXCLUSIVE, and is otherwise silently not taken: so the answer is checked. */
function useWal(handle: sqlite.Database): void {
  handle.exec('PRAGMA locking_mode=EXCLUSIVE');
  const mode = handle.all('PRAGMA journal_mode=wal')[0]?.['journal_mode'];
  if (mode !== 'wal') throw new StoreError('internal', `journal_mode is ${String(mode)}, not wal`);
}

function wrap(
  opened: sqlite.Database,
  file: string,
  whyOnlyRead: StoreError | null,
  readingFolder: string | undefined,
): Database {
  let handle = opened;
  let onlyRead = whyOnlyRead;
  const statements = createStatements((sql) => handle.prepare(sql));
  let folderSynced = false;
  let lastCommitMs = 0;
  let undone = 0;

  function use<T>(sql: string, work: (statement: sqlite.Statement) => T): T {
    try {
      return statements.use(sql, work);
    } catch (error) {
      throw faultOf(error, sql, file);
    }
  }

  const database: Database = {
    all: (sql, binds = []) => use(sql, (s) => s.all(bindable(binds)) as Row[]),
    // Not `get()`: it never resets the statement, and the read transaction would stay open.
    first: (sql, binds = []) => use(sql, (s) => s.all(bindable(binds))[0] as Row | undefined),
    run: (sql, binds = []) =>
      use(sql, (s) => {
        const { changes, lastInsertRowid } = s.run(bindable(binds));
        return { changes, id: Number(lastInsertRowid) };
      }),
    transaction(work) {
      if (onlyRead) throw onlyRead; // SQLite would say of a full disk that it is read-only
      syncFolder();
      database.run('BEGIN IMMEDIATE');
      let result: ReturnType<typeof work>;
      try {
        result = work();
        const before = performance.now();
        database.run('COMMIT');
        lastCommitMs = performance.now() - before;
      } catch (error) {
        undone++;
        rollback();
        throw error;
      }
      return result;
    },
    attempt(work) {
      database.run('SAVEPOINT attempt');
      try {
        const done = work();
        database.run('RELEASE attempt');
        return { done };
      } catch (error) {
        undone++;
        const failure = storeError(error, 'writing');
        // Gone on with, the next savepoint would begin a transaction of its own, and its release would commit it.
        if (!handle.inTransaction) throw failure;
        database.run('ROLLBACK TO attempt');
        database.run('RELEASE attempt');
        return { failed: { code: failure.code, message: failure.message } };
      }
    },
    get undone() {
      return undone;
    },
    get lastCommitMs() {
      return lastCommitMs;
    },
    get onlyRead() {
      return onlyRead;
    },
    get logBytes() {
      return statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    },
    prove() {
      if (onlyRead) openAgain();
      const version = Number(database.first('PRAGMA user_version')?.['user_version']);
      const bringIn = () => database.first('PRAGMA wal_checkpoint(TRUNCATE)');
      bringIn(); // it may give the room that the page needs
      database.transaction(() => database.run(`PRAGMA user_version=${version}`));
      bringIn();
    },
    close() {
      statements.clear();
      if (handle.isOpen) handle.close();
      if (onlyRead && readingFolder !== undefined) leaveReadingPlace(readingFolder);
    },
  };

  /** From reading to writing. @throws {StoreError} when the disk still refuses: it goes on being read. */
  function openAgain(): void {
    let writing: sqlite.Database;
    try {
      // A killed predecessor's, which could not be removed at the start; this process has no other on the file.
      rmSync(`${file}.lock`, { recursive: true, force: true });
      writing = openForWriting(file);
    } catch (error) {
      throw faultOf(error, `opening ${file}`, file);
    }
    statements.clear();
    handle.close();
    handle = writing;
    onlyRead = null;
    folderSynced = false;
    if (readingFolder !== undefined) leaveReadingPlace(readingFolder);
  }

  /**
   * SQLite makes the log's file when it opens, and doesn't make its folder entry durable. Before the first commit of an
   * opening, not behind it: what is refused then has not been written.
   */
  function syncFolder(): void {
    if (folderSynced) return;
    try {
      syncPath(dirname(file));
    } catch (error) {
      throw faultOf(error, 'syncing the folder of the store', file);
    }
    folderSynced = true;
  }

  /** A failed COMMIT may have ended the transaction by itself already. */
  function rollback(): void {
    if (handle.inTransaction) database.run('ROLLBACK');
  }
  return database;
}

/** Text is bound up to its first NUL by this build: strip them, so that nothing after one is lost. */
function bindable(binds: readonly Bind[]): Bind[] {
  return binds.map((bind) => (typeof bind === 'string' && bind.includes('\0') ? bind.replaceAll('\0', '') : bind));
}
