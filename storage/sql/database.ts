/**
 * The database file, opened in the one way in which it survives a kill and a power cut: WAL in EXCLUSIVE mode with
 * synchronous=FULL, created under a temporary name, fenced against other SQLite programs, its folder fsynced after the
 * first write. The caller holds the process lock (daemon/lock.ts) and has removed a stale `<file>.lock` before.
 */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import sqlite from 'node-sqlite3-wasm';
import { StoreError, storeError } from '../errors.ts';
import { syncPath } from '../sync-path.ts';

/** What may be bound. `undefined`, dates and booleans are refused by the type: the package would bind them wrongly or throw. */
export type Bind = string | number | bigint | null | Uint8Array;
export type Row = Record<string, string | number | bigint | Uint8Array | null>;

export interface Database {
  all(sql: string, binds?: readonly Bind[]): Row[];
  first(sql: string, binds?: readonly Bind[]): Row | undefined;
  /** Runs one statement; returns the number of changed rows and the last row id. */
  run(sql: string, binds?: readonly Bind[]): { changes: number; id: number };
  /** One durable transaction. When `work` throws, nothing of it stays. Not nestable: see {@link Database.attempt}. */
  transaction<T>(work: () => T): T;
  /** A savepoint inside a transaction: when `work` throws, only its own changes are undone. */
  attempt<T>(work: () => T): T;
  /** Milliseconds that the last commit took, fsync included. */
  readonly lastCommitMs: number;
  close(): void;
}

/** Small on purpose: a larger cache cost memory and brought no consistent gain. A full WAL is cut back to 4 MiB. */
const PRAGMAS = [
  'PRAGMA synchronous=FULL',
  'PRAGMA cache_size=-2000',
  'PRAGMA journal_size_limit=4194304',
  'PRAGMA foreign_keys=ON',
];

/** Statements kept prepared: our fixed ones and the filters asked for lately. Each holds a few KB. */
const PREPARED_MAX = 100;

/**
 * Opens or creates the database at `file`, whatever its schema (migrate.ts brings that up to date).
 * @throws {StoreError} `io` when the disk refuses, `corrupt` when it isn't a database.
 */
export function openDatabase(file: string): Database {
  if (!existsSync(file)) create(file);
  // A folder in the place of the shared-memory file keeps every other SQLite program read-only: without it a plain
  // SELECT by the sqlite3 tool checkpoints and unlinks the WAL under us, and acknowledged rows are lost.
  mkdirSync(`${file}-shm`, { recursive: true });
  return wrap(connect(file), file);
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

function connect(file: string): sqlite.Database {
  try {
    const handle = new sqlite.Database(file, { fileMustExist: true });
    useWal(handle);
    for (const pragma of PRAGMAS) handle.exec(pragma);
    return handle;
  } catch (error) {
    throw storeError(error, `opening ${file}`);
  }
}

/** WAL works in this build only after EXCLUSIVE, and is otherwise silently not taken: so the answer is checked. */
function useWal(handle: sqlite.Database): void {
  handle.exec('PRAGMA locking_mode=EXCLUSIVE');
  const mode = handle.all('PRAGMA journal_mode=wal')[0]?.['journal_mode'];
  if (mode !== 'wal') throw new StoreError('internal', `journal_mode is ${String(mode)}, not wal`);
}

function wrap(handle: sqlite.Database, file: string): Database {
  const prepared = new Map<string, sqlite.Statement>();
  let folderSynced = false;
  let lastCommitMs = 0;

  function statement(sql: string): sqlite.Statement {
    const known = prepared.get(sql);
    prepared.delete(sql); // and in again: the map's order is that of the last use
    const found = known ?? handle.prepare(sql);
    prepared.set(sql, found);
    for (const oldest of prepared.keys()) {
      if (prepared.size <= PREPARED_MAX) break;
      discard(oldest);
    }
    return found;
  }

  function discard(sql: string): void {
    const unwanted = prepared.get(sql);
    prepared.delete(sql);
    try {
      unwanted?.finalize();
    } catch {
      // Finalising reports the statement's own last error once more; it's gone all the same.
    }
  }

  /** A statement that failed once throws on its next, valid run: so after any error it is made anew. */
  function use<T>(sql: string, work: (statement: sqlite.Statement) => T): T {
    try {
      return work(statement(sql));
    } catch (error) {
      discard(sql);
      throw storeError(error, sql);
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
      database.run('BEGIN IMMEDIATE');
      let result: ReturnType<typeof work>;
      try {
        result = work();
        const before = performance.now();
        database.run('COMMIT');
        lastCommitMs = performance.now() - before;
      } catch (error) {
        rollback();
        throw error;
      }
      // The -wal file appears with the first write, and SQLite doesn't make its folder entry durable.
      if (!folderSynced) {
        syncPath(dirname(file));
        folderSynced = true;
      }
      return result;
    },
    attempt(work) {
      database.run('SAVEPOINT attempt');
      try {
        const result = work();
        database.run('RELEASE attempt');
        return result;
      } catch (error) {
        database.run('ROLLBACK TO attempt');
        database.run('RELEASE attempt');
        throw error;
      }
    },
    get lastCommitMs() {
      return lastCommitMs;
    },
    close() {
      for (const sql of [...prepared.keys()]) discard(sql); // an unfinalised one would leave `<file>.lock` behind
      if (handle.isOpen) handle.close();
    },
  };

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
