/**
 * The AMI that we offer, put together: what the PBX says goes into the relay, what the store announces joins it, clients
 * come by the server; their actions go back to the PBX. It is there before the PBX is connected, so that nothing that the
 * PBX says is missed.
 */
import type { StoreClient } from '../../storage/client.ts';
import type { AsteriskConnection } from '../asterisk/connection.ts';
import type { EventSink } from '../asterisk/pbx.ts';
import type { RecordingControl } from '../asterisk/recording-control.ts';
import type { Bus } from '../bus.ts';
import type { Config } from '../config.ts';
import { type AmiLimits, amiLimits } from '../limits.ts';
import type { Log } from '../log.ts';
import type { Header } from '../wire/packet.ts';
import { namesOf } from './classes.ts';
import type { Replay, Upstream } from './conversation.ts';
import { cdrEvent, recordingEvent } from './events.ts';
import { createRelay, type Relay } from './relay.ts';
import { type AmiServer, listenAmi } from './server.ts';
import type { AmiUsers } from './users.ts';

export interface AmiParts {
  readonly config: Pick<Config, 'ami' | 'run' | 'recordings' | 'trunks'>;
  readonly store: StoreClient;
  readonly users: AmiUsers;
  readonly bus: Bus;
  readonly log: Log;
  readonly limits?: AmiLimits;
}

export interface Ami {
  /** For the PBX. */
  readonly sink: EventSink;
  readonly relay: Relay;
  /** Lets clients in. @throws when an address can't be listened on. */
  listen(pbx: { readonly connection: AsteriskConnection; readonly control: RecordingControl }): Promise<AmiServer>;
}

/** Recordings that are older than this when they are found were not recorded just now: a stick with a year's calls, say. */
const FRESH_MS = 24 * 3600 * 1000;

export function createAmi({ config, store, users, bus, log, limits = amiLimits }: AmiParts): Ami {
  const relay = createRelay(limits);
  const { dir } = config.recordings;
  const trunks = config.trunks.names;

  bus.on('leg', (leg, sequence, source) => {
    if (source === 'csv') relay.own(cdrEvent(leg, sequence)); // one by AMI has its place in Asterisk's order already
  });
  bus.on('recordings', (files, sequences) => {
    for (const [index, file] of files.entries()) {
      const sequence = sequences[index];
      const fresh = file.state !== 'empty' && Date.now() - file.mtimeMs < FRESH_MS;
      if (fresh && sequence != null) relay.own(recordingEvent(file, dir, trunks, sequence));
    }
  });

  const replay: Replay = {
    async after(sequence) {
      const { events, last, oldest } = await store.ask('outbox', sequence);
      const made = events.map((event) =>
        event.kind === 'cdr' ? cdrEvent(event.leg, event.sequence) : recordingEvent(event, dir, trunks, event.sequence),
      );
      return { events: made, last, oldest };
    },
  };

  return {
    relay,
    sink: {
      event: relay.event,
      record: (leg, stored) =>
        relay.record(stored.then((sequence) => (sequence === null ? null : cdrEvent(leg, sequence)))),
    },
    async listen({ connection, control }) {
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
          log,
          onListening: () => connection.listenTo(namesOf(relay.wanted)),
        },
        listen: config.ami.listen,
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
