/**
 * The PBX we listen to, put together: its AMI connection is the fast path, its CDR CSV the truth that survives our absence,
 * its channels tell when a call is over.
 */
import type { StoreClient } from '../../storage/client.ts';
import type { DiskStatus } from '../../storage/disk.ts';
import type { Leg } from '../../storage/model/leg.ts';
import type { Zone } from '../../storage/model/local-time.ts';
import type { Bus } from '../bus.ts';
import type { Config } from '../config.ts';
import { callLimits } from '../limits.ts';
import type { Log } from '../log.ts';
import type { Packet } from '../wire/packet.ts';
import { CdrEventError, legOfCdrEvent } from './cdr-event.ts';
import { type AsteriskConnection, connectAsterisk } from './connection.ts';
import { type CsvFigures, followCsv } from './csv-follow.ts';
import { createIngest, type Ingest } from './ingest.ts';
import { createLiveChannels, type LiveChannels } from './live-channels.ts';
import type { PolicyWriter } from './recording-policy.ts';

export interface Pbx {
  readonly connection: AsteriskConnection;
  readonly ingest: Ingest;
  readonly csv: CsvFigures;
  readonly live: LiveChannels;
  close(): Promise<void>;
}

/** Who relays what is heard, in Asterisk's order. */
export interface EventSink {
  event(packet: Packet): void;
  /** A call record. @param stored Its EventSequence once it is durable; null: it was announced before, or is not stored. */
  record(leg: Leg, stored: Promise<number | null>): void;
}

export interface PbxOptions {
  readonly events: EventSink;
  readonly config: Config;
  readonly store: StoreClient;
  readonly bus: Bus;
  readonly log: Log;
  readonly zone: Zone;
  readonly control: PolicyWriter;
  /** @see AsteriskOptions.currentSecret */
  currentSecret?(): string;
}

export async function startPbx(options: PbxOptions): Promise<Pbx> {
  const { config, store, bus, log, zone, control, events, currentSecret } = options;
  const live = createLiveChannels({
    over: (linkedId) => ingest.over(linkedId),
    changed: (linkedId) => bus.emit('live', linkedId),
  });
  const ingest = createIngest({
    store,
    bus,
    log,
    away: () => connection.status.state !== 'up',
    isLive: live.isLive,
    readsCsv: () => csv.figures.trouble === '',
  });
  const csv = followCsv({
    path: config.asterisk.cdrCsv,
    zone,
    log,
    index: {
      positions: async () => new Map((await store.ask('csvPositions')).map(({ signature, ...at }) => [signature, at])),
      write: (batch) => ingest.batch(batch),
    },
  });

  function hearCdr(packet: Packet): void {
    try {
      const leg = legOfCdrEvent(packet, zone);
      events.record(leg, ingest.record(leg));
    } catch (error) {
      if (!(error instanceof CdrEventError)) throw error;
      log.error('a Cdr event could not be read', { error });
    }
  }

  function listChannels(wasPaused?: (linkedId: string, channel: string) => boolean): void {
    live
      .resync(connection.list, wasPaused)
      .catch((error: unknown) => log.warn('Asterisk did not list its channels', { error }));
  }

  /** The first list after a log-in: what was paused before we were away is known to the store alone. */
  async function listAnew(): Promise<void> {
    const paused = await store.ask('openPauses');
    listChannels((linkedId, name) => paused.some((each) => each.linkedId === linkedId && each.channel === name));
  }

  const connection = connectAsterisk({
    ...config.asterisk,
    ...(currentSecret && { currentSecret }),
    log,
    onEvent(packet) {
      if (packet.first[1] === 'Cdr') hearCdr(packet);
      else {
        live.hear(packet);
        events.event(packet);
      }
    },
    restMs: () => restMs(store.depth('ingest')),
    onUp({ action }) {
      control.up(action);
      listAnew().catch((error: unknown) => log.error('the paused recordings could not be read', { error }));
      void csv.catchUp(); // what was said while nobody listened
    },
    onStatus(status) {
      bus.emit('asterisk', status);
      if (status.state === 'up') return;
      control.away();
      live.forget();
      ingest.asteriskAway();
    },
  });

  const goOn = ({ state }: DiskStatus) => {
    // What was held first: it came first, and by AMI it tells more than a CSV of Asterisk's own layout.
    if (state === 'ok') void ingest.goOn().then(() => csv.catchUp());
  };
  bus.on('store', goOn);

  ingest.resume(await store.ask('openGroups'));
  void csv.catchUp();
  const beat = setInterval(() => {
    // Also when nobody has said that the disk is well again: it may have been while the held ones were still being tried.
    goOn(store.disk);
    if (connection.status.state !== 'up') return;
    listChannels();
    control.retry();
  }, callLimits.catchUpMs);

  return {
    connection,
    ingest,
    get csv() {
      return csv.figures;
    },
    live,
    async close() {
      clearInterval(beat);
      bus.off('store', goOn);
      await connection.close();
      await csv.close();
      ingest.stop();
    },
  };
}

/**
 * How long Asterisk is not read from after each 64 KB, ms. Never until the records are stored: answers, and events that are none,
 * come by the same connection; and Asterisk drops whom it can't write to for `writetimeout`. Of full buffers the kernel lets it
 * write again only when a third is read, 1.3 MB of 4: 1 s was measured at this pace, of the 5 s that our manager.conf gives (a
 * box that has left it at Asterisk's own 100 ms is dropped behind some 4 MB).
 * @param waiting Records that wait to be stored.
 */
function restMs(waiting: number): number {
  return Math.min(REST_MAX_MS, REST_MS * Math.floor(waiting / callLimits.waiting));
}

const REST_MS = 40;
const REST_MAX_MS = 80;
