/**
 * What the disk under the store lets us do, as a state that is seen and told, never a crash. Below a reserve of free room
 * whatever makes the store grow waits, while there is still enough for what makes room: deletions, settings, log-ins. A
 * disk that has refused a write is asked again by a probe, which alone ends a bad state.
 */
import { closeSync, fsyncSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { StoreError, type StoreErrorCode } from './errors.ts';

/** `full`: no room, or less than the reserve. `failing`: it answers writes with errors. `read_only`: it takes none. */
export const DISK_STATES = ['ok', 'full', 'failing', 'read_only'] as const;
export type DiskState = (typeof DISK_STATES)[number];

/** Plain data: it is posted between threads. */
export interface DiskStatus {
  readonly state: DiskState;
  /** For people; '' when ok. */
  readonly why: string;
  /** Wall clock of the change, milliseconds since 1970. */
  readonly since: number;
  /** Bytes that we may still write, when last looked at; null: the system doesn't say. */
  readonly free: number | null;
  /** Bytes below which the store stops growing. */
  readonly reserve: number;
  /** Writes refused since the start, tried or not. */
  readonly refused: number;
}

const STATES = ['full', 'failing', 'read_only'] as const satisfies readonly DiskState[];
type Refusing = (typeof STATES)[number];

/** How a refused write is told, by the state; and in words. */
const CODES: Readonly<Record<Refusing, StoreErrorCode>> = { full: 'disk_full', failing: 'io', read_only: 'read_only' };
const WORDS: Readonly<Record<Refusing, string>> = {
  full: 'the disk is full',
  failing: 'the disk fails',
  read_only: 'the disk is read-only',
};

/** The store grows again when this many times the reserve is free: at its very edge the state would change to and fro. */
export const ROOM_AGAIN = 1.25;

export interface DiskOptions {
  /** The database file. */
  readonly file: string;
  /**
   * Bytes. 16 MB unless configured: what is still taken needs 4 MiB of log and, at its checkpoint, as much in the file, and
   * the transaction that began just above it may need the same. Deleting 20,000 calls took 0.5 MB and 4.8 MB of log. (Well
   * above it the log is longer: checkpoints.ts.)
   */
  readonly reserve: number;
  /** Wall clock, milliseconds since 1970. */
  readonly now?: () => number;
}

export interface Disk {
  readonly status: DiskStatus;
  /** Why nothing may grow now; null: it may. Costs a statfs, 2 µs beside a commit's milliseconds. */
  growthWaits(): StoreError | null;
  /** So many writes were refused. */
  refused(count: number): void;
  /** A write failed. @returns the error by which it is told: the system's own reason, where it gives one. */
  failed(error: StoreError): StoreError;
  /**
   * Looks how things are, and whether a bad state is over.
   * @param prove Writes something durably, changing nothing, and gives back what room it can. @throws {StoreError}
   * @param worthIt There is such room.
   */
  probe(prove: () => void, worthIt: boolean): void;
}

export function createDisk({ file, reserve, now = Date.now }: DiskOptions): Disk {
  const folder = dirname(file);
  let status: DiskStatus = { state: 'ok', why: '', since: now(), free: freeBytes(folder), reserve, refused: 0 };

  function become(state: DiskState, why: string): void {
    const changed = state !== status.state;
    if (changed || why !== status.why) status = { ...status, state, why, since: changed ? now() : status.since };
  }

  function look(): number {
    const free = freeBytes(folder);
    if (free !== status.free) status = { ...status, free };
    return free ?? Number.POSITIVE_INFINITY;
  }

  const short = () => become('full', `less than ${megabytes(reserve)} MB are free on the disk`);

  function failed(error: StoreError): StoreError {
    const told = diskFaultOf(error, folder);
    const state = STATES.find((each) => CODES[each] === told.code);
    if (!state) return error;
    look();
    become(state, told.message);
    return told;
  }

  return {
    get status() {
      return status;
    },
    growthWaits() {
      if (status.state === 'ok' && look() < reserve) short();
      return status.state === 'ok' ? null : new StoreError(CODES[status.state], status.why);
    },
    refused(count) {
      if (count > 0) status = { ...status, refused: status.refused + count };
    },
    failed,
    probe(prove, worthIt) {
      const enough = status.state === 'ok' ? reserve : reserve * ROOM_AGAIN;
      // While there is no room nothing is tried: a full flash isn't written to every few seconds.
      if (status.state === 'full' && look() < enough && !worthIt) return short();
      try {
        prove();
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        failed(error);
        return;
      }
      if (look() < enough) short();
      else become('ok', '');
    },
  };
}

/** The same error as the system itself tells it, in words for people; what is no fault of the disk stays as it is. */
export function diskFaultOf(error: StoreError, folder: string): StoreError {
  const state = stateOf(error, folder);
  if (state === null) return error;
  const { message } = error;
  return new StoreError(CODES[state], message.startsWith(WORDS[state]) ? message : `${WORDS[state]}: ${message}`);
}

/** null: the disk is not at fault. */
function stateOf({ code }: StoreError, folder: string): Refusing | null {
  if (code === 'disk_full') return 'full';
  if (code === 'read_only') return 'read_only';
  if (code !== 'io') return null;
  switch (refusalOf(folder)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'full';
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return 'read_only';
    default:
      return 'failing';
  }
}

/** Why the system takes no small file there; '' = it takes one. SQLite tells no errno: a full disk's error reads as any other. */
function refusalOf(folder: string): string {
  const path = `${folder}/probe`;
  try {
    const file = openSync(path, 'w', 0o600);
    try {
      writeSync(file, Buffer.alloc(PROBE_BYTES, 1));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    return '';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'EIO';
  } finally {
    try {
      rmSync(path, { force: true });
    } catch {
      // The next probe writes over it.
    }
  }
}

/** A block of the disk and something of the next. */
const PROBE_BYTES = 5_000;

/** Of the disk that holds this folder, to whoever isn't root; null where the system won't say. */
export function freeBytes(folder: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return null;
  }
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1_000_000);
}
