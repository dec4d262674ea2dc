/**
 * From a record to a call that is shown: each record is written durably, announced after its commit, and its call closed
 * when no further record has come for a while. A kill at any moment leaves open calls, which the next start closes.
 */
import type { StoreClient } from '../../storage/client.ts';
import type { Leg, LegSource } from '../../storage/model/leg.ts';
import type { Bus } from '../bus.ts';
import { callLimits } from '../limits.ts';
import type { Log } from '../log.ts';

export interface Ingest {
  /** Settles after the commit. A record that the store refuses is logged, and counted in `lost`. */
  record(leg: Leg, source: LegSource): Promise<void>;
  /** Calls that an earlier run left open: they are closed when no record of theirs comes any more. */
  resume(groups: readonly string[]): void;
  readonly figures: {
    readonly records: number;
    readonly repeated: number;
    readonly lost: number;
    readonly open: number;
  };
  /** Seconds that the last record took from the end of its leg to the commit. */
  readonly lagSeconds: number;
  stop(): void;
}

export interface IngestOptions {
  readonly store: StoreClient;
  readonly bus: Bus;
  readonly log: Log;
  /** Asterisk is away: records may be a while coming. */
  away(): boolean;
}

/** Milliseconds before a call that could not be closed (the disk is full, say) is tried again. */
const CLOSE_AGAIN_MS = 5_000;

export function createIngest({ store, bus, log, away }: IngestOptions): Ingest {
  /** Open call groups and the timer that closes each: as many as there are calls ending within seconds. */
  const open = new Map<string, NodeJS.Timeout>();
  const figures = { records: 0, repeated: 0, lost: 0 };
  let lagSeconds = 0;
  let stopped = false;

  function closeAfter(group: string, ms: number): void {
    clearTimeout(open.get(group));
    if (!stopped)
      open.set(
        group,
        setTimeout(() => void close(group), ms),
      );
  }

  async function close(group: string): Promise<void> {
    const timer = open.get(group);
    try {
      const { sequences } = await store.write({ kind: 'close', group });
      if (open.get(group) === timer) open.delete(group);
      if (sequences.length > 0) bus.emit('calls', sequences);
    } catch (error) {
      if (stopped) return;
      log.error('a call could not be closed; trying again', { group, error });
      closeAfter(group, CLOSE_AGAIN_MS);
    }
  }

  return {
    async record(leg, source) {
      try {
        const { sequences, group } = await store.write({ kind: 'leg', leg, source });
        if (!group) return void figures.repeated++;
        figures.records++;
        lagSeconds = Math.max(0, Date.now() / 1000 - leg.end.epoch);
        const [own, ...amended] = sequences;
        if (own !== undefined) bus.emit('leg', leg, own);
        if (amended.length > 0) bus.emit('calls', amended);
        if (group.open) closeAfter(group.key, away() ? callLimits.awayQuietMs : callLimits.quietMs);
      } catch (error) {
        figures.lost++;
        log.error('a call record could not be stored', { uniqueid: leg.uniqueId, channel: leg.channel, error });
      }
    },
    resume(groups) {
      for (const group of groups) closeAfter(group, callLimits.awayQuietMs);
    },
    get figures() {
      return { ...figures, open: open.size };
    },
    get lagSeconds() {
      return lagSeconds;
    },
    stop() {
      stopped = true;
      for (const timer of open.values()) clearTimeout(timer);
      open.clear();
    },
  };
}
