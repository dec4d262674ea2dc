/**
 * From a record to a call that is shown: each record is written durably, announced after its commit, and its call closed
 * when none of its channels is live and no further record has come for a while. A kill at any moment leaves open calls,
 * which the next start closes. While the disk of the store refuses, records wait in memory and are announced when they are
 * stored; what finds no room there the CDR CSV brings.
 */
import type { StoreClient } from '../../storage/client.ts';
import { isDiskFault, StoreError } from '../../storage/errors.ts';
import { keyOf } from '../../storage/model/identity.ts';
import type { Leg, LegSource } from '../../storage/model/leg.ts';
import type { OpenGroup } from '../../storage/store.ts';
import type { CsvBatch, Written } from '../../storage/write.ts';
import type { Bus } from '../bus.ts';
import { callLimits } from '../limits.ts';
import type { Log } from '../log.ts';
import { createHeldRecords } from './held-records.ts';
import { createOpenCalls, type Wait } from './open-calls.ts';

export interface Ingest {
  /**
   * A record by AMI. Settles after the commit with its EventSequence; null: the CDR CSV brought it before, or the store
   * does not take it now. If its disk refuses, the record is held and announced once it is stored.
   */
  record(leg: Leg): Promise<number | null>;
  /** The disk of the store takes writes again: stores what was held, in order, and closes what could not be closed. */
  goOn(): Promise<void>;
  /**
   * A stretch of the CDR CSV; settles when its calls that are over are closed.
   * @returns how many of its own records were new, and how many were there. @throws when the store refuses.
   */
  batch(batch: CsvBatch): Promise<Pick<IngestFigures, 'records' | 'repeated'>>;
  /** Calls that an earlier run left open: they are closed when no record of theirs comes any more. */
  resume(groups: readonly string[]): void;
  /** A LinkedID has lost its last channel. */
  over(linkedId: string): void;
  /** Asterisk has gone: what was held for a live channel is closed by silence alone. */
  asteriskAway(): void;
  readonly figures: IngestFigures;
  /** Seconds that the last record by AMI took from the end of its leg to the commit. */
  readonly lagSeconds: number;
  stop(): void;
}

export interface IngestFigures {
  readonly records: number;
  readonly repeated: number;
  /** Not stored, and no CDR CSV is read that could bring it. */
  readonly lost: number;
  readonly open: number;
  /** Waiting in memory for the disk of the store. */
  readonly held: number;
}

export interface IngestOptions {
  readonly store: StoreClient;
  readonly bus: Bus;
  readonly log: Log;
  /** Asterisk is away: records may be a while coming, and no channel is known. */
  away(): boolean;
  /** Whether a channel of this LinkedID is live. */
  isLive(linkedId: string): boolean;
  /** Whether the CDR CSV is read: it brings what could not be stored when it was told. */
  readsCsv(): boolean;
  /** Records held in memory, at most. */
  readonly heldMax?: number;
}

/** Milliseconds before a call that could not be closed, for another reason than the disk, is tried again. */
const CLOSE_AGAIN_MS = 5_000;

/**
 * From so many open calls on those that end are closed together, so many milliseconds at a time: each commit of its own would
 * be an fsync, and at fifty calls a second every other one.
 */
const BUSY = 16;
const GATHER_MS = 100;

/**
 * Calls given to the store at a time to be closed, the next when these are: a record that comes meanwhile waits for the
 * closing of so many, some 15 ms, and not for all that ended with them.
 */
const CLOSED_TOGETHER = 64;

/** What becomes of a record that is neither stored nor held. */
const CSV_BRINGS = 'the CDR CSV brings it';
const LOST = 'it is lost: no CDR CSV is read';

/** Held records given to the store at a time: about what it takes into one commit. */
const GO_ON_WITH = 200;

export function createIngest(options: IngestOptions): Ingest {
  const { store, bus, log, away, isLive, readsCsv, heldMax = callLimits.held } = options;
  const calls = createOpenCalls(quiet);
  /** Open groups that the disk kept from being closed. */
  const unclosed = new Set<string>();
  const held = createHeldRecords(heldMax);
  /** Records that found no room among the held, since they began to be. */
  let turnedAway = 0;
  let goingOn: Promise<void> | null = null;
  const figures = { records: 0, repeated: 0, lost: 0 };
  let lagSeconds = 0;
  let stopped = false;

  /** Calls to be closed, oldest first. */
  const due: Wait[] = [];
  /** They are being closed, or will be after a moment. */
  let closing = false;
  let gathering: NodeJS.Timeout | undefined;

  const quietMs = () => (away() ? callLimits.awayQuietMs : callLimits.quietMs);

  /** No record of these has come for a while. */
  function quiet(waits: readonly Wait[]): void {
    const isAway = away();
    for (const wait of waits) {
      if (!isAway && isLive(keyOf(wait.group))) calls.hold(wait.group);
      else due.push(wait);
    }
    if (closing || due.length === 0) return;
    closing = true;
    if (calls.size < BUSY) void closeDue();
    else gathering = setTimeout(closeDue, GATHER_MS);
  }

  /** Some in one turn, and so in one commit; but those of which a record has come meanwhile, which wait anew. */
  async function closeDue(): Promise<void> {
    while (due.length > 0 && !stopped) {
      const some = due.splice(0, CLOSED_TOGETHER);
      await Promise.all(some.filter(calls.isNow).map(({ group }) => close(group)));
    }
    closing = false;
  }

  async function close(group: string): Promise<void> {
    const wait = calls.waitOf(group);
    try {
      const { calls: sequences } = await store.write({ kind: 'close', group });
      if (wait) calls.end(wait);
      if (sequences.length > 0) bus.emit('calls', sequences);
    } catch (error) {
      if (stopped) return;
      if (isDiskFault(error)) {
        if (wait && calls.isNow(wait)) calls.hold(group);
        unclosed.add(group);
        return;
      }
      log.error('a call could not be closed; trying again', { group, error });
      calls.wait(group, CLOSE_AGAIN_MS);
    }
  }

  async function put(leg: Leg): Promise<number | null> {
    const written = await store.write({ kind: 'leg', leg, source: 'ami' });
    lagSeconds = Math.max(0, Date.now() / 1000 - leg.end.epoch);
    announce([leg], written, 'ami');
    for (const { key, fresh } of written.open) if (fresh || !calls.has(key)) calls.wait(key, quietMs());
    return written.records[0] ?? null;
  }

  function hold(leg: Leg): void {
    if (held.add(leg)) return;
    if (turnedAway++ === 0)
      log.warn('no more records are held in memory', { held: held.size, next: readsCsv() ? CSV_BRINGS : LOST });
    if (!readsCsv()) figures.lost++;
  }

  /** The store itself does not take it, or is not there any more. */
  function refuse(leg: Leg, error: unknown): void {
    const brought = readsCsv() && error instanceof StoreError && error.code !== 'internal';
    if (!brought) figures.lost++;
    // Its id alone: a channel's name may hold the number that was dialled.
    const about = { uniqueid: leg.uniqueId, next: brought ? CSV_BRINGS : LOST, error };
    log.error('a call record could not be stored', about);
  }

  /** Until there are none, or the disk refuses again. */
  async function storeHeld(): Promise<void> {
    const before = held.size;
    while (held.size > 0 && !stopped) {
      const legs = held.oldest(GO_ON_WITH);
      const outcomes = await Promise.allSettled(legs.map(put));
      const again = new Set<Leg>();
      outcomes.forEach((outcome, index) => {
        const leg = legs[index];
        if (outcome.status === 'fulfilled' || !leg) return;
        if (isDiskFault(outcome.reason)) again.add(leg);
        else refuse(leg, outcome.reason);
      });
      held.release(legs.filter((leg) => !again.has(leg)));
      if (again.size > 0) return;
    }
    if (before > 0) log.info('the records that were held are stored', { held: before, turned_away: turnedAway });
    turnedAway = 0;
  }

  /** Announces what a write did, records first, in order. */
  function announce(legs: readonly Leg[], { records, calls: sequences }: Written, source: LegSource): void {
    records.forEach((sequence, index) => {
      const leg = legs[index];
      if (sequence === null) figures.repeated++;
      else {
        figures.records++;
        if (leg) bus.emit('leg', leg, sequence, source);
      }
    });
    if (sequences.length > 0) bus.emit('calls', sequences);
  }

  /** Of a record that comes late the call has been over for long: it's closed at once. */
  function settle({ key, end, fresh }: OpenGroup): Promise<void> | void {
    if (!fresh && calls.has(key)) return; // the other source told the same once more: the wait goes on as it was
    const ago = Date.now() - end * 1000;
    const late = ago > callLimits.awayQuietMs && (away() || !isLive(keyOf(key)));
    if (!late) return calls.wait(key, quietMs());
    if (!calls.has(key)) calls.hold(key);
    return close(key);
  }

  return {
    async record(leg) {
      // Behind those that wait already: they are announced in the order in which they came.
      if (held.size > 0) {
        hold(leg);
        return null;
      }
      try {
        return await put(leg);
      } catch (error) {
        if (isDiskFault(error)) hold(leg);
        else refuse(leg, error);
        return null;
      }
    },
    goOn() {
      goingOn ??= storeHeld().finally(() => {
        goingOn = null;
        for (const group of unclosed) calls.wait(group, quietMs());
        unclosed.clear();
      });
      return goingOn;
    },
    async batch(batch) {
      const written = await store.write({ kind: 'csv', batch });
      announce(batch.legs, written, 'csv');
      await Promise.all(written.open.map(settle));
      const repeated = written.records.filter((sequence) => sequence === null).length;
      return { records: written.records.length - repeated, repeated };
    },
    resume(groups) {
      for (const group of groups) calls.wait(group, callLimits.awayQuietMs);
    },
    over(linkedId) {
      for (const group of calls.heldOf(linkedId)) calls.wait(group, callLimits.quietMs);
    },
    asteriskAway() {
      for (const group of calls.held) calls.wait(group, callLimits.awayQuietMs);
    },
    get figures() {
      return { ...figures, open: calls.size, held: held.size };
    },
    get lagSeconds() {
      return lagSeconds;
    },
    stop() {
      stopped = true;
      if (held.size > 0 && !readsCsv()) {
        figures.lost += held.size;
        log.error('records that were held in memory are lost', { held: held.size });
      }
      clearTimeout(gathering);
      calls.stop();
    },
  };
}
