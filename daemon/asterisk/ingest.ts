/**
 * From a record to a call that is shown: each record is written durably, announced after its commit, and its call closed
 * when none of its channels is live and no further record has come for a while. A kill at any moment leaves open calls,
 * which the next start closes.
 */
import type { StoreClient } from '../../storage/client.ts';
import { keyOf } from '../../storage/model/identity.ts';
import type { Leg, LegSource } from '../../storage/model/leg.ts';
import type { CsvBatch, OpenGroup, Written } from '../../storage/store.ts';
import type { Bus } from '../bus.ts';
import { callLimits } from '../limits.ts';
import type { Log } from '../log.ts';

export interface Ingest {
  /**
   * A record by AMI. Settles after the commit with its EventSequence; null: the CDR CSV brought it before, or the store
   * refuses it, which is logged and counted in `lost`.
   */
  record(leg: Leg): Promise<number | null>;
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
  readonly lost: number;
  readonly open: number;
}

export interface IngestOptions {
  readonly store: StoreClient;
  readonly bus: Bus;
  readonly log: Log;
  /** Asterisk is away: records may be a while coming, and no channel is known. */
  away(): boolean;
  /** Whether a channel of this LinkedID is live. */
  isLive(linkedId: string): boolean;
}

/** Milliseconds before a call that could not be closed (the disk is full, say) is tried again. */
const CLOSE_AGAIN_MS = 5_000;

export function createIngest({ store, bus, log, away, isLive }: IngestOptions): Ingest {
  /** Open call groups: the timer that closes each, or null for one that waits for its channels to end. */
  const open = new Map<string, NodeJS.Timeout | null>();
  const figures = { records: 0, repeated: 0, lost: 0 };
  let lagSeconds = 0;
  let stopped = false;

  const quietMs = () => (away() ? callLimits.awayQuietMs : callLimits.quietMs);

  function closeAfter(group: string, ms: number): void {
    clearTimeout(open.get(group) ?? undefined);
    if (!stopped)
      open.set(
        group,
        setTimeout(() => quiet(group), ms),
      );
  }

  /** No record has come for a while. */
  function quiet(group: string): void {
    if (!away() && isLive(keyOf(group))) open.set(group, null);
    else void close(group);
  }

  async function close(group: string): Promise<void> {
    const timer = open.get(group);
    try {
      const { calls } = await store.write({ kind: 'close', group });
      if (open.get(group) === timer) open.delete(group);
      if (calls.length > 0) bus.emit('calls', calls);
    } catch (error) {
      if (stopped) return;
      log.error('a call could not be closed; trying again', { group, error });
      closeAfter(group, CLOSE_AGAIN_MS);
    }
  }

  /** Announces what a write did, records first, in order. */
  function announce(legs: readonly Leg[], { records, calls }: Written, source: LegSource): void {
    records.forEach((sequence, index) => {
      const leg = legs[index];
      if (sequence === null) figures.repeated++;
      else {
        figures.records++;
        if (leg) bus.emit('leg', leg, sequence, source);
      }
    });
    if (calls.length > 0) bus.emit('calls', calls);
  }

  /** Of a record that comes late the call has been over for long: it's closed at once. */
  function settle({ key, end, fresh }: OpenGroup): Promise<void> | void {
    if (!fresh && open.has(key)) return; // the other source told the same once more: the wait goes on as it was
    const ago = Date.now() - end * 1000;
    const late = ago > callLimits.awayQuietMs && (away() || !isLive(keyOf(key)));
    if (!late) return closeAfter(key, quietMs());
    open.set(key, open.get(key) ?? null);
    return close(key);
  }

  return {
    async record(leg) {
      try {
        const written = await store.write({ kind: 'leg', leg, source: 'ami' });
        lagSeconds = Math.max(0, Date.now() / 1000 - leg.end.epoch);
        announce([leg], written, 'ami');
        for (const { key, fresh } of written.open) if (fresh || !open.has(key)) closeAfter(key, quietMs());
        return written.records[0] ?? null;
      } catch (error) {
        figures.lost++;
        log.error('a call record could not be stored', { uniqueid: leg.uniqueId, channel: leg.channel, error });
        return null;
      }
    },
    async batch(batch) {
      const written = await store.write({ kind: 'csv', batch });
      announce(batch.legs, written, 'csv');
      await Promise.all(written.open.map(settle));
      const repeated = written.records.filter((sequence) => sequence === null).length;
      return { records: written.records.length - repeated, repeated };
    },
    resume(groups) {
      for (const group of groups) closeAfter(group, callLimits.awayQuietMs);
    },
    over(linkedId) {
      for (const [group, timer] of open)
        if (timer === null && keyOf(group) === linkedId) closeAfter(group, callLimits.quietMs);
    },
    asteriskAway() {
      for (const [group, timer] of open) if (timer === null) closeAfter(group, callLimits.awayQuietMs);
    },
    get figures() {
      return { ...figures, open: open.size };
    },
    get lagSeconds() {
      return lagSeconds;
    },
    stop() {
      stopped = true;
      for (const timer of open.values()) clearTimeout(timer ?? undefined);
      open.clear();
    },
  };
}
