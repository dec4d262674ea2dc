/**
 * The door of the HTTP ports, before anything that is sent is read: from where one may come (`http.permit`, `https.permit`),
 * how often, and how many connections there are, of one address and in all. When all places are taken, a newcomer gets the place of a
 * stranger, one of the address that has most of them: nobody can keep all for himself, and who is logged in loses none.
 */
import type { Server } from 'node:http';
import { Socket } from 'node:net';
import { CgiError } from '../../cgi/reply.ts';
import { isBoxItself, networkOf } from '../../storage/model/address.ts';
import type { HttpLimits } from '../limits.ts';
import type { Log } from '../log.ts';
import type { Permits } from '../permits.ts';
import { createRate } from './rate.ts';
import { plainAnswer } from './write-reply.ts';

/** Connections turned away, by why. */
export interface GateFigures {
  permit: number;
  address: number;
  places: number;
}

export interface Gate {
  /** Stands before all that this server does with a connection from now on. */
  guard(server: Server, listener: 'http' | 'https'): void;
  /** Who is at the other end has shown who it is. */
  known(socket: End): void;
  /** Since when a connection is there, monotonic milliseconds; of one that has gone: for ever. */
  since(socket: End): number;
  readonly figures: Readonly<GateFigures>;
}

/** What tells a connection, whatever carries it: TLS and mended requests have sockets of their own. */
type End = Pick<Socket, 'remoteAddress' | 'remotePort' | 'localPort'>;

interface Guest {
  readonly socket: Socket;
  readonly listener: 'http' | 'https';
  readonly address: string;
  readonly source: string;
  readonly since: number;
  known: boolean;
}

/** Milliseconds in which one line tells of all who are turned away: a flood of them must not become one of the log. */
const TOLD_MS = 10_000;

export function createGate(limits: HttpLimits, { permits, onChange }: Permits, log: Pick<Log, 'warn'>): Gate {
  /** In the order in which they came. */
  const guests = new Map<string, Guest>();
  const figures: GateFigures = { permit: 0, address: 0, places: 0 };
  const arrivals = createRate({ burst: limits.arrivalBurst, rate: limits.arrivalRate, counted: limits.counted });
  let refusals = 0;
  const silentUntil = { permit: 0, address: 0, places: 0 };

  /** @returns whether it may stay; if not, it is dealt with. */
  function admit(socket: Socket, listener: 'http' | 'https'): boolean {
    const { remoteAddress: address } = socket;
    if (address === undefined) {
      socket.destroy(); // it is gone already
      return false;
    }
    if (!permits(listener, address)) {
      refuse(
        socket,
        listener,
        'permit',
        new CgiError('denied', `${address} is not permitted here: ${listener}.permit`),
      );
      return false;
    }
    // Behind a proxy on the box stands anybody: there is no telling them apart here.
    const source = isBoxItself(address) ? '' : networkOf(address);
    const wait = source === '' ? 0 : arrivals.take(source);
    if (wait > 0) {
      refuse(socket, listener, 'address', new CgiError('busy', 'too many new connections', undefined, wait));
      return false;
    }
    if (source !== '' && countOf(source) >= limits.connectionsPerAddress) {
      refuse(
        socket,
        listener,
        'address',
        new CgiError('busy', `${limits.connectionsPerAddress} connections at a time`),
      );
      return false;
    }
    if (guests.size >= limits.connections && !makeRoom(source)) {
      refuse(socket, listener, 'places', new CgiError('busy', 'all connections are taken'));
      return false;
    }
    const key = keyOf(socket);
    guests.set(key, { socket, listener, address, source, since: performance.now(), known: false });
    socket.once('close', () => guests.delete(key));
    return true;
  }

  function countOf(source: string): number {
    let count = 0;
    for (const guest of guests.values()) if (guest.source === source) count++;
    return count;
  }

  /** Ends the oldest stranger of the address that has most, if that has more than who comes now. */
  function makeRoom(newcomer: string): boolean {
    const strangers = new Map<string, Guest[]>();
    for (const guest of guests.values()) {
      if (guest.known || guest.source === '') continue;
      const same = strangers.get(guest.source);
      if (same) same.push(guest);
      else strangers.set(guest.source, [guest]);
    }
    let most: readonly Guest[] = [];
    for (const each of strangers.values()) if (each.length > most.length) most = each;
    const [oldest] = most;
    if (!oldest || most.length <= (strangers.get(newcomer)?.length ?? 0)) return false;
    figures.places++;
    guests.delete(keyOf(oldest.socket));
    oldest.socket.destroy();
    return true;
  }

  /** In words where they can be read: before a handshake there is nobody to talk to. */
  function refuse(socket: Socket, listener: 'http' | 'https', why: keyof GateFigures, error: CgiError): void {
    figures[why]++;
    if (performance.now() > silentUntil[why]) {
      silentUntil[why] = performance.now() + TOLD_MS;
      log.warn('a connection was refused', { address: socket.remoteAddress, listener, why: error.message });
    }
    socket.on('error', () => socket.destroy());
    if (listener === 'https' || refusals >= limits.refusals) return void socket.destroy();
    refusals++;
    const late = setTimeout(() => socket.destroy(), limits.lingerMs);
    socket.once('close', () => {
      clearTimeout(late);
      refusals--;
    });
    // Whoever has not asked yet would not take it for an answer. What is sent is thrown away.
    socket.once('data', () => socket.end(plainAnswer({ error })));
  }

  onChange(() => {
    for (const { socket, listener, address } of [...guests.values()]) if (!permits(listener, address)) socket.destroy();
  });

  return {
    guard(server, listener) {
      const inner = server.listeners('connection') as ((socket: unknown) => void)[];
      server.removeAllListeners('connection');
      // A mended request comes by a stream that is no socket, over one that was let in.
      server.on('connection', (socket: unknown) => {
        if (!(socket instanceof Socket) || admit(socket, listener)) for (const each of inner) each.call(server, socket);
      });
    },
    known(socket) {
      const guest = guests.get(keyOf(socket));
      if (guest) guest.known = true;
    },
    since: (socket) => guests.get(keyOf(socket))?.since ?? Number.NEGATIVE_INFINITY,
    figures,
  };
}

function keyOf({ remoteAddress, remotePort, localPort }: End): string {
  return `${remoteAddress} ${remotePort} ${localPort}`;
}
