/**
 * The database file held still while it is copied. In WAL mode only a checkpoint writes into it: right after one it is the
 * whole store, and with automatic checkpoints off it stays so, byte for byte, while writing goes on into the WAL. The copy
 * is the store at the moment of that checkpoint.
 *
 * Nobody can forget to let go: a WAL that has grown too long, or too long a time, ends it, and the copy learns that it is
 * void. The commit that checkpoints afterwards took 22 ms behind 32 MB of WAL as behind 4 MB (on a quick disk): a page
 * written over and over counts once.
 */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { freeBytes } from '../disk.ts';
import { StoreError } from '../errors.ts';
import type { Checkpoints } from './checkpoints.ts';
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
  /** Lets go. @returns why the file was not still all the time since this holder began, for people; '' = it was. */
  end(holder: number): string;
  /** Lets go, whoever holds it: its copy is void. @param why For people. */
  breakOff(why: string): void;
}

export interface StillOptions {
  readonly database: Database;
  readonly checkpoints: Checkpoints;
  readonly file: string;
  /** Bytes that stay free on the disk of the file: a copy doesn't take them for its log. */
  readonly reserve: number;
  readonly limits?: StillLimits;
}

export interface StillLimits {
  /** Bytes of the WAL meanwhile: it lies on the flash, and what is in it costs its checkpoint. */
  readonly logMax: number;
  /** Milliseconds. */
  readonly heldMs: number;
}

const LIMITS: StillLimits = {
  /** A night's calls stay far below. */
  logMax: 32 * 1024 * 1024,
  /** For a copy of the largest store to the slowest share. */
  heldMs: 30 * 60_000,
};
/** So long it gets between two checkpoints anyway, on the tightest disk too. */
const LOG_MIN = 4 * 1024 * 1024;

/** Brings everything into the file itself. @throws {StoreError} `io` when it can't. */
export function checkpoint(database: Database): void {
  const row = database.first('PRAGMA wal_checkpoint(TRUNCATE)');
  if (row?.['busy'] !== 0) throw new StoreError('io', 'the store could not be checkpointed before its backup');
}

export function createStill({ database, checkpoints, file, reserve, limits = LIMITS }: StillOptions): Still {
  let until: number | null = null;
  /** Bytes of the WAL at which this copy ends. */
  let logMax = 0;
  let last = 0;
  /** Why nobody holds it. */
  let why = 'nobody has begun';

  function letGo(because: string): void {
    until = null;
    why = because;
    checkpoints.goOn();
  }

  return {
    begin() {
      checkpoints.hold();
      until = performance.now() + limits.heldMs;
      try {
        checkpoint(database);
        const room = (freeBytes(dirname(file)) ?? Number.POSITIVE_INFINITY) - reserve;
        logMax = Math.min(limits.logMax, Math.max(LOG_MIN, room));
        const schema = Number(database.first('PRAGMA user_version')?.['user_version']);
        return { holder: ++last, file, bytes: statSync(file).size, schema };
      } catch (error) {
        letGo('it could not begin');
        throw error;
      }
    },
    get held() {
      return until !== null;
    },
    committed() {
      if (until === null) return;
      if (database.logBytes > logMax) letGo('too much was written to the store meanwhile; try again later');
      else if (performance.now() > until) letGo('it took too long');
    },
    end(holder) {
      if (holder !== last) return 'another copy of the store began meanwhile';
      if (until === null) return why;
      letGo('it has ended');
      return '';
    },
    breakOff(because) {
      if (until !== null) letGo(because);
    },
  };
}
