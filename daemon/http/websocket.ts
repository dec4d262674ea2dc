/**
 * WebSocket on the HTTP ports: `/ami` is the AMI, one packet a message (sub-protocol `json`: one JSON object a packet), with
 * AMI's own log-in; `/live` tells a page of the calls in progress, with the session that the page has. A page of another
 * site can open neither (guard.ts).
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket, WebSocketServer } from 'ws';
import { CgiError } from '../../cgi/reply.ts';
import { plainAddress } from '../../storage/model/address.ts';
import type { AmiServer } from '../ami/server.ts';
import { amiLimits, httpLimits } from '../limits.ts';
import { createPacketReader, formatPacket, type Header, type Packet, textOf } from '../wire/packet.ts';
import { writeLast } from './write-reply.ts';

/** Takes a socket over whose request asked for a WebSocket. */
export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** What a path does with a WebSocket that was opened on it. */
export interface WebSocketPath {
  /** Sub-protocols that it speaks besides none. */
  readonly protocols: readonly string[];
  /** null: it may be opened; otherwise what refuses it. */
  refuse(request: IncomingMessage): CgiError | null;
  opened(socket: WebSocket, request: IncomingMessage): void;
}

/** Bytes of a message from a client: an AMI packet at most. */
const MESSAGE_MAX = amiLimits.bytes;
/** Milliseconds between two pings; a client that hasn't answered the last one is gone. */
const PING_MS = 30_000;

export interface WebSockets {
  readonly upgrade: Upgrade;
  /** Whether a request is for one of the paths. */
  serves(request: IncomingMessage): boolean;
  close(): void;
}

export function createWebSockets(paths: Readonly<Record<string, WebSocketPath>>): WebSockets {
  // Loaded with the first one: most boxes have none.
  let server: Promise<WebSocketServer> | null = null;
  const open = new Set<WebSocket>();

  async function load(): Promise<WebSocketServer> {
    const { WebSocketServer } = await import('ws');
    const loaded = new WebSocketServer({
      noServer: true,
      maxPayload: MESSAGE_MAX,
      perMessageDeflate: false, // 300 KB a client, for lines of text
      clientTracking: false,
      handleProtocols: (offered, request) => {
        const spoken = pathOf(request)?.protocols ?? [];
        return spoken.find((each) => offered.has(each)) ?? false;
      },
    });
    // A handshake that is none: answered as everything is, not by the package's own page.
    loaded.on('wsClientError', ({ message }, socket) => {
      writeLast(socket, { error: new CgiError('invalid', message) }, httpLimits.lingerMs);
    });
    return loaded;
  }

  function pathOf(request: IncomingMessage): WebSocketPath | undefined {
    const [path = ''] = (request.url ?? '').split('?');
    return Object.hasOwn(paths, path) ? paths[path] : undefined;
  }

  function keepAlive(socket: WebSocket): void {
    let answered = true;
    const beat = setInterval(() => {
      if (!answered) return socket.terminate();
      answered = false;
      socket.ping();
    }, PING_MS);
    socket.on('pong', () => {
      answered = true;
    });
    open.add(socket);
    socket.once('close', () => {
      clearInterval(beat);
      open.delete(socket);
    });
    socket.on('error', () => socket.terminate());
  }

  return {
    serves: (request) => pathOf(request) !== undefined,
    upgrade(request, socket, head) {
      const path = pathOf(request);
      if (!path) return void socket.destroy(); // serves() has been asked before
      const error = path.refuse(request);
      if (error) return writeLast(socket, { error }, httpLimits.lingerMs);
      server ??= load();
      server
        .then((loaded) => {
          if (socket.destroyed) return;
          loaded.handleUpgrade(request, socket, head, (opened) => {
            keepAlive(opened);
            path.opened(opened, request);
          });
        })
        .catch(() => socket.destroy());
    },
    close() {
      for (const socket of open) socket.terminate();
    },
  };
}

/** `/ami`: the same session as over TCP. @param permits Whether the AMI may be spoken from there. */
export function amiPath(
  server: Pick<AmiServer, 'attach'>,
  greeting: string,
  permits: (address: string) => boolean,
): WebSocketPath {
  return {
    protocols: ['json', 'ami'],
    refuse({ socket: { remoteAddress = '' } }) {
      if (permits(remoteAddress)) return null;
      return new CgiError('denied', `${plainAddress(remoteAddress)} is not permitted here: ami.permit`);
    },
    opened(socket, request) {
      const json = socket.protocol === 'json';
      const say = (packet: Packet) => socket.send(json ? JSON.stringify(objectOf(packet.headers)) : textOf(packet.raw));
      // What the session writes is packets of any number: each becomes a message of its own.
      const out = createPacketReader(
        { line: Number.POSITIVE_INFINITY, lines: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY },
        { packet: say, fault: () => {} },
      );
      const client = server.attach({
        address: plainAddress(request.socket.remoteAddress ?? 'unknown'),
        send: (bytes) => out.push(Buffer.from(bytes)),
        get unread() {
          return socket.bufferedAmount;
        },
        end: () => socket.close(1000),
        destroy: () => socket.terminate(),
      });
      if (!client) return;
      const { session } = client;
      socket.once('close', client.gone);
      socket.send(json ? JSON.stringify({ Greeting: greeting }) : `${greeting}\r\n`);
      socket.on('message', (data: Buffer, binary: boolean) => {
        const packet = binary ? null : json ? packetOfJson(data.toString()) : packetOfText(data);
        if (packet) session.packet(packet);
        else socket.close(1007, json ? 'one JSON object a message' : 'one packet a message');
        // One chunk brings many messages, and one wait is enough for all of them.
        if (session.full && !socket.isPaused) holdBack(socket, () => session.full);
      });
    },
  };
}

/** Milliseconds between two looks whether a client that sends faster than it is answered may go on. */
const AGAIN_MS = 20;

function holdBack(socket: WebSocket, full: () => boolean): void {
  socket.pause();
  const again = () => {
    if (full() && socket.readyState === socket.OPEN) setTimeout(again, AGAIN_MS);
    else socket.resume();
  };
  setTimeout(again, AGAIN_MS);
}

/** Headers as an object; a name that stands there twice has a list. */
function objectOf(headers: readonly Header[]): Record<string, string | string[]> {
  const object: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of headers) {
    const before = object[name];
    object[name] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value];
  }
  return object;
}

/** One packet: lines, with or without the empty line at the end. null: it is more, or too much. */
function packetOfText(data: Buffer): Packet | null {
  const packets: Packet[] = [];
  let faults = 0;
  const reader = createPacketReader(amiLimits, { packet: (packet) => packets.push(packet), fault: () => faults++ });
  reader.push(Buffer.concat([data, Buffer.from('\r\n\r\n')]));
  return faults === 0 && packets.length === 1 ? (packets[0] ?? null) : null;
}

function packetOfJson(text: string): Packet | null {
  try {
    const object: unknown = JSON.parse(text);
    if (typeof object !== 'object' || object === null || Array.isArray(object)) return null;
    const headers = Object.entries(object).flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value]).map((each): Header => [name, String(each)]),
    );
    return packetOfText(Buffer.from(formatPacket(headers)));
  } catch {
    return null;
  }
}
