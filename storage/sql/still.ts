/**
 * The database file held still while it is copied. In WAL mode only a checkpoint writes into it: right after one it is the
 * whole store, and with automatic checkpoints off it stays so, byte for byte, while writing goes on into the WAL. The copy
 * is the store at the moment of that checkpoint.
 *
 * Nobody can forget to let go: a WAL that has grown too long, or too long a time, ends it, and the copy learns that it is
 * void. The commit that checkpoints afterwards took 22 ms behind 32 MB of WAL as behind 4 MB, which every thousand pages
 * cause anyway (on a quick disk): a page written over and over counts once.
 */
import { statSync } from 'node:fs';
import { StoreError } from '../errors.ts';
import type { Database } from './database.ts';

export interface StillFile {
  /** Who holds it, for {@link Still.end}. */
  readonly holder: number;
  /** The database file, bytes of it, and the schema it has. */
  readonly file: string;
  readonly bytes: number;
  readonly schema: number;
}

export interface Still {
  /** Checkpoints, and holds the file from here on; an earlier holder's copy is void. @throws {StoreError} */
  begin(): StillFile;
  /** Told after each commit: it ends what takes too long. */
  committed(): void;
  readonly held: boolean;
  /** Lets go. @returns whether the file has been still since this holder began. */
  end(holder: number): boolean;
  /** Lets go, whoever holds it: its copy is void. */
  breakOff(): void;
}

/** Of the WAL meanwhile: it lies on the flash, and what is in it costs its checkpoint. A night's calls stay far below. */
const WAL_BYTES_MAX = 32 * 1024 * 1024;
/** For a copy of the largest store to the slowest share. */
const HELD_MS_MAX = 30 * 60_000;
/** SQLite's own default. */
const AUTOCHECKPOINT_PAGES = 1_000;

/** Brings everything into the file itself. @throws {StoreError} `io` when it can't. */
export function checkpoint(database: Database): void {
  const row = database.first('PRAGMA wal_checkpoint(TRUNCATE)');
  if (row?.['busy'] !== 0) throw new StoreError('io', 'the store could not be checkpointed before its backup');
}

export function createStill(database: Database, file: string, limits = { WAL_BYTES_MAX, HELD_MS_MAX }): Still {
  let until: number | null = null;
  let last = 0;

  function letGo(): void {
    until = null;
    database.first(`PRAGMA wal_autocheckpoint=${AUTOCHECKPOINT_PAGES}`);
  }

  return {
    begin() {
      database.first('PRAGMA wal_autocheckpoint=0');
      until = performance.now() + limits.HELD_MS_MAX;
      try {
        checkpoint(database);
        const schema = Number(database.first('PRAGMA user_version')?.['user_version']);
        return { holder: ++last, file, bytes: statSync(file).size, schema };
      } catch (error) {
        letGo();
        throw error;
      }
    },
    get held() {
      return until !== null;
    },
    committed() {
      if (until === null) return;
      const wal = statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
      if (wal > limits.WAL_BYTES_MAX || performance.now() > until) letGo();
    },
    end(holder) {
      const still = until !== null && holder === last;
      if (still) letGo();
      return still;
    },
    breakOff() {
      if (until !== null) letGo();
    },
  };
}
