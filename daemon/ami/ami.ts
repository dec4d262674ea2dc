/**
 * The AMI that we offer, put together: what the PBX says goes into the relay, what the store announces joins it, clients
 * come by the server; their actions go back to the PBX. It is there before the PBX is connected, so that nothing that the
 * PBX says is missed.
 */
import type { Throttle } from '../../cgi/access/throttle.ts';
import type { AuditNotes } from '../../cgi/audit/notes.ts';
import type { StoreClient } from '../../storage/client.ts';
import type { Leg } from '../../storage/model/leg.ts';
import type { AsteriskConnection } from '../asterisk/connection.ts';
import type { EventSink } from '../asterisk/pbx.ts';
import type { RecordingControl } from '../asterisk/recording-control.ts';
import type { Bus } from '../bus.ts';
import type { Config } from '../config.ts';
import { type AmiLimits, amiLimits } from '../limits.ts';
import type { Log } from '../log.ts';
import type { Permits } from '../permits.ts';
import { ownSockets, type Sockets } from '../sockets/sockets.ts';
import type { Header } from '../wire/packet.ts';
import { namesOf } from './classes.ts';
import type { Replay, Upstream } from './conversation.ts';
import { cdrEvent, diskEvent, mediumEvent, recordingEvent } from './events.ts';
import { type AmiEvent, createRelay, type Relay } from './relay.ts';
import { type AmiServer, listenAmi } from './server.ts';
import type { AmiUsers } from './users.ts';

export interface AmiParts {
  readonly config: Pick<Config, 'ami' | 'run' | 'recordings' | 'trunks'>;
  readonly store: StoreClient;
  readonly users: AmiUsers;
  /** From where clients may come by TCP. */
  readonly permits: Permits;
  readonly throttle: Pick<Throttle, 'begin'>;
  readonly bus: Bus;
  readonly log: Log;
  readonly notes: Pick<AuditNotes, 'done' | 'refused'>;
  readonly limits?: AmiLimits;
}

export interface Ami {
  /** For the PBX. */
  readonly sink: EventSink;
  readonly relay: Relay;
  /** Lets clients in. @throws when an address can't be listened on. */
  listen(pbx: {
    readonly connection: AsteriskConnection;
    readonly control: RecordingControl;
    /** How TCP is listened on. */
    readonly sockets?: Sockets;
  }): Promise<AmiServer>;
}

/** Recordings that are older than this when they are found were not recorded just now: a stick with a year's calls, say. */
const FRESH_MS = 24 * 3600 * 1000;
const isFresh = (mtimeMs: number, foundMs: number) => foundMs - mtimeMs < FRESH_MS;

export function createAmi({
  config,
  store,
  users,
  permits,
  throttle,
  bus,
  log,
  notes,
  limits = amiLimits,
}: AmiParts): Ami {
  const relay = createRelay(limits);
  const { dir } = config.recordings;
  const trunks = config.trunks.names;

  /** Records by AMI that are being stored; each has its place in Asterisk's order already. */
  const places = new Map<Leg, (event: AmiEvent | null) => void>();
  // The bus tells in the order of the commits: so the relay hears of all that bears an EventSequence from it alone.
  bus.on('leg', (leg, sequence) => (places.get(leg) ?? relay.own)(cdrEvent(leg, sequence)));
  bus.on('recordings', (files, sequences) => {
    for (const [index, file] of files.entries()) {
      const sequence = sequences[index];
      const told = file.state !== 'empty' && isFresh(file.mtimeMs, Date.now());
      if (told && sequence != null) relay.own(recordingEvent(file, dir, trunks, sequence));
    }
  });
  bus.on('mediumChange', (change, sequence) => relay.own(mediumEvent(change, sequence)));
  bus.on('fullness', (use) => relay.own(diskEvent(use)));

  const replay: Replay = {
    async after(sequence) {
      const { events, ...edges } = await store.work('outbox', sequence);
      const made = events.flatMap((event): AmiEvent[] => {
        const { sequence } = event;
        if (event.kind === 'cdr') return [cdrEvent(event.leg, sequence)];
        if (event.kind === 'medium') return [mediumEvent(event, sequence)];
        return isFresh(event.mtimeMs, event.at * 1000) ? [recordingEvent(event, dir, trunks, sequence)] : [];
      });
      return { events: made, ...edges };
    },
  };

  return {
    relay,
    sink: {
      event: relay.event,
      record(leg, stored) {
        const settle = relay.record();
        places.set(leg, settle);
        const over = () => {
          places.delete(leg);
          settle(null);
        };
        stored.then(over, over);
      },
    },
    async listen({ connection, control, sockets = ownSockets }) {
      const upstream: Upstream = {
        forward: connection.forward,
        uptime: () => connection.uptime(),
        commands: () => commandsOf(connection),
        pause: control.pause,
      };
      return listenAmi({
        services: {
          users,
          relay,
          upstream,
          replay,
          limits,
          throttle,
          log,
          notes,
          onListening: () => connection.listenTo(namesOf(relay.wanted)),
        },
        listen: config.ami.listen,
        sockets,
        permits,
        greeting: config.ami.greeting,
        runDir: config.run.dir,
        log,
      });
    },
  };
}

/** Asterisk's list as far as our own user may use it; none while it is away. */
async function commandsOf(connection: AsteriskConnection): Promise<readonly Header[]> {
  try {
    const answer = await connection.action([['Action', 'ListCommands']]);
    return answer.headers.filter(([name]) => name !== 'Response' && name !== 'ActionID');
  } catch {
    return [];
  }
}
