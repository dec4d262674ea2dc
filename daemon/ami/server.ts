/**
 * The AMI that we offer: TCP on `ami.listen`, the unix socket `ami.sock` in `run.dir`, and whatever else carries packets
 * (the WebSocket). Here stand the bounds: how many clients, how long before they log in, how much may lie unread. A
 * listener that doesn't read is dropped, and nobody else notices.
 */
import { mkdir, rm } from 'node:fs/promises';
import type { AddressInfo, Server, Socket } from 'node:net';
import { join } from 'node:path';
import { isBoxItself, networkOf, plainAddress } from '../../storage/model/address.ts';
import type { ListenAddress } from '../config.ts';
import type { Log } from '../log.ts';
import type { Permits } from '../permits.ts';
import { covers } from '../sockets/assign.ts';
import { createListeners, type Prepared } from '../sockets/listeners.ts';
import { hostAndPort, ownSockets, type Sockets } from '../sockets/sockets.ts';
import type { SessionServices } from './conversation.ts';
import { createAmiSession } from './session.ts';
import { type AmiClient, type Carrier, converse, createAmiServer, GOODBYE_MS, listenLocal } from './tcp.ts';

export interface AmiOptions {
  readonly services: SessionServices;
  /** none: no TCP. */
  readonly listen: readonly ListenAddress[];
  /** How TCP is listened on; default: by a socket of its own. */
  readonly sockets?: Sockets;
  readonly permits: Permits;
  /** First line that a client sees. */
  readonly greeting: string;
  /** Folder of the unix socket. */
  readonly runDir: string;
  readonly log: Log;
}

/** A client as the pages show it. */
export interface ClientInfo {
  readonly user: string;
  readonly address: string;
  /** Epoch milliseconds. */
  readonly since: number;
}

export interface AmiServer {
  /** Where TCP is served at this moment: port 0 is known only now. */
  readonly addresses: readonly AddressInfo[];
  /** Why TCP isn't served although it should be; '' = all is well. */
  readonly trouble: string;
  readonly socketPath: string;
  /** Takes a client that came by other means. null: there are too many; its carrier was destroyed. */
  attach(carrier: Carrier): AmiClient | null;
  /**
   * Listens by TCP on these; once that is settled, who has come by an address that is none of them has to go.
   * @throws {ListenError}; then nothing has changed.
   */
  prepare(listen: readonly ListenAddress[]): Promise<Prepared>;
  readonly clients: readonly ClientInfo[];
  readonly figures: { readonly clients: number; readonly dropped: number; readonly refused: number };
  close(): Promise<void>;
}

/** Name of the local socket in `run.dir`. */
export const AMI_SOCKET = 'ami.sock';
/** Milliseconds between two looks for clients that don't read. */
const LOOK_MS = 1_000;

/** Milliseconds in which one line tells of all clients that are turned away: a flood of them must not become one of the log. */
const REFUSED_LOG_MS = 10_000;

interface Held {
  readonly client: AmiClient;
  readonly carrier: Carrier;
  readonly since: number;
  drop(why: string): void;
  /** Monotonic milliseconds: since when something lies unread without getting less. */
  stalledSince: number | null;
  unread: number;
}

/**
 * A TCP address that another program holds (an Asterisk whose own AMI was not moved, say) is tried again for ever: call
 * records don't wait for it. @throws when the local socket can't be made.
 */
export async function listenAmi(options: AmiOptions): Promise<AmiServer> {
  const { services, listen, permits, sockets = ownSockets, greeting, runDir, log } = options;
  const { limits } = services;
  const clients = new Map<AmiClient, Held>();
  const figures = { dropped: 0, refused: 0 };
  /** Why TCP isn't served although it should be, and the next try. */
  let trouble = '';
  let again: NodeJS.Timeout | undefined;
  let tried: readonly ListenAddress[] = [];
  let closing = false;
  let silentUntil = 0;

  function turnAway(address: string, why: string): void {
    figures.refused++;
    if (performance.now() < silentUntil) return;
    silentUntil = performance.now() + REFUSED_LOG_MS;
    log.warn('an AMI client was turned away', { address, why });
  }

  function attach(carrier: Carrier): AmiClient | null {
    const { address } = carrier;
    const strangers = [...clients.values()].filter(({ client }) => client.session.user === null);
    const same = address === '' || isBoxItself(address) ? [] : strangers.filter((each) => isSame(each, address));
    const tooMany = clients.size >= limits.clients || strangers.length >= limits.strangers;
    if (tooMany || same.length >= limits.strangersPerAddress) {
      turnAway(address, 'there are too many');
      carrier.destroy();
      return null;
    }
    let ended = false;
    const drop = (why: string) => {
      if (ended) return;
      figures.dropped++;
      log.warn('an AMI client was dropped', { why, user: session.user ?? '', address: carrier.address });
      gone();
      carrier.destroy();
    };
    const gone = () => {
      if (ended) return;
      ended = true;
      clearTimeout(late);
      session.close();
      clients.delete(client);
    };
    const session = createAmiSession(
      {
        address: carrier.address,
        send(bytes) {
          if (ended) return;
          carrier.send(bytes);
          const most = session.user === null ? limits.strangerUnreadBytes : limits.unreadBytes;
          if (carrier.unread > most) drop('it does not read');
        },
        get unread() {
          return carrier.unread;
        },
        end() {
          gone();
          carrier.end();
        },
      },
      services,
    );
    const client: AmiClient = { session, gone };
    // Asterisk closes without a word, too.
    const late = setTimeout(() => {
      if (session.user === null) drop('it did not log in');
    }, limits.logInMs);
    clients.set(client, { client, carrier, since: Date.now(), drop, stalledSince: null, unread: 0 });
    return client;
  }

  const look = setInterval(() => {
    const now = performance.now();
    for (const held of [...clients.values()]) {
      const { unread } = held.carrier;
      // Something is taken: less lies there than before, or nothing.
      if (unread === 0 || unread < held.unread || held.stalledSince === null)
        held.stalledSince = unread === 0 ? null : now;
      else if (now - held.stalledSince > limits.unreadMs) held.drop('it does not read');
      held.unread = unread;
    }
  }, LOOK_MS);

  services.users.onChange((name) => {
    for (const { session } of [...clients.keys()]) if (session.user === name) session.userChanged();
  });

  permits.onChange(() => {
    // Those of the local socket have none; those of a WebSocket came by HTTP, and by this as well.
    for (const { carrier, drop } of [...clients.values()])
      if (carrier.address !== '' && !permits.permits('ami', carrier.address)) drop('ami.permit has changed');
  });

  async function close(): Promise<void> {
    closing = true;
    clearInterval(look);
    clearTimeout(again);
    const closed = [tcp.close(), local && new Promise<void>((resolve) => local?.close(() => resolve()))];
    for (const { client, carrier } of [...clients.values()]) {
      client.gone();
      carrier.end();
    }
    // Whoever doesn't take the end within a moment is cut off: a stop must not wait for clients.
    const late = setTimeout(() => {
      for (const socket of connected) socket.destroy();
    }, GOODBYE_MS);
    await Promise.all(closed);
    clearTimeout(late);
  }

  const connected = new Set<Socket>();
  function serve(socket: Socket, local: boolean): void {
    connected.add(socket);
    socket.once('close', () => connected.delete(socket));
    converse(socket, local, attach, greeting, limits);
  }

  function serveTcp(socket: Socket): void {
    const { remoteAddress: address } = socket;
    if (address !== undefined && permits.permits('ami', address)) serve(socket, false);
    else {
      socket.destroy(); // without a word: it learns as little as from a closed port
      if (address !== undefined) turnAway(address, 'ami.permit'); // else it has gone by itself
    }
  }
  let local: Server | null = null;
  const tcp = createListeners<'ami'>({
    create: () => createAmiServer(serveTcp),
    retire: (server) => new Promise((resolve) => server.close(resolve)),
    quiet() {},
    sockets,
    log,
  });
  const wantedOf = (addresses: readonly ListenAddress[]) =>
    addresses.map((address) => ({ kind: 'ami' as const, address }));
  const socketPath = join(runDir, AMI_SOCKET);
  try {
    await mkdir(runDir, { recursive: true, mode: 0o750 });
    await rm(socketPath, { force: true }); // a killed predecessor's; the process lock shows that none is alive
    local = await listenLocal(socketPath, (socket) => serve(socket, true));
  } catch (error) {
    await close();
    throw error;
  }
  if (listen.length > 0) await tryTcp(listen);

  function tryLater(addresses: readonly ListenAddress[]): void {
    again = setTimeout(() => void tryTcp(addresses), AGAIN_TCP_MS);
  }

  /** Listens, or tries again later. */
  async function tryTcp(addresses: readonly ListenAddress[]): Promise<void> {
    tried = addresses;
    try {
      const prepared = await tcp.prepare(wantedOf(addresses));
      if (closing) return void tcp.close();
      prepared.settle();
      trouble = '';
      for (const { server } of tcp.now) log.info('listening', { ami: textOf(server.address() as AddressInfo) });
    } catch (error) {
      const address = addresses.map(hostAndPort).join();
      const why = `${address}: ${(error as Error).message}`;
      if (trouble !== why)
        log.error('AMI can not be offered there; trying again', { address, error, every: `${AGAIN_TCP_MS / 1000} s` });
      trouble = why;
      tryLater(addresses);
    }
  }

  /** Who came by an address that is no longer listened on. */
  function endStrays(): void {
    const served = tcp.now.map(({ server }) => server.address() as AddressInfo);
    for (const socket of connected) {
      const { localAddress, localPort } = socket;
      if (localAddress === undefined || localPort === undefined) continue; // of the local socket, or gone
      const at = plainAddress(localAddress);
      if (!served.some(({ address, port }) => port === localPort && covers(address, at))) socket.destroy();
    }
  }

  return {
    get addresses() {
      return tcp.now.map(({ server }) => server.address() as AddressInfo);
    },
    get trouble() {
      return trouble;
    },
    socketPath,
    attach,
    async prepare(addresses) {
      clearTimeout(again); // for what may be wanted no longer
      const goOn = () => {
        if (trouble !== '') tryLater(tried);
      };
      const { settle, takeBack } = await tcp.prepare(wantedOf(addresses)).catch((error: unknown) => {
        goOn();
        throw error;
      });
      return {
        settle() {
          trouble = '';
          settle();
          endStrays();
          const ami = tcp.now.map(({ server }) => textOf(server.address() as AddressInfo)).join();
          log.info(ami === '' ? 'no longer listening' : 'listening', { ami });
        },
        async takeBack() {
          await takeBack();
          goOn();
        },
      };
    },
    get clients() {
      return [...clients.values()].flatMap(({ client, carrier, since }) =>
        client.session.user === null ? [] : [{ user: client.session.user, address: carrier.address, since }],
      );
    },
    get figures() {
      return { ...figures, clients: clients.size };
    },
    close,
  };
}

/** One IPv6 client may have any address of its network. */
function isSame({ carrier }: Held, address: string): boolean {
  return networkOf(carrier.address) === networkOf(address);
}

/** Milliseconds between two tries to listen on an address. */
const AGAIN_TCP_MS = 10_000;

function textOf({ address, port, family }: AddressInfo): string {
  return `${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
