/**
 * A scripted AMI peer on a real socket: it says only what the script tells it to, so that it can greet late, answer to
 * nothing, lie, or stop in the middle of a packet. What it was asked is there to be looked at.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createPacketReader, formatPacket, type Packet } from '../../daemon/wire/packet.ts';
import type { AtEnd } from './folder.ts';

/** The side of one connection that the script writes. */
export interface FakeSession {
  /** Sends these very bytes. */
  send(text: string | Buffer): void;
  /** Answers an action: `Response`, its ActionID, more headers. */
  answer(request: Packet, response: string, ...more: (readonly [string, string])[]): void;
  close(): void;
}

export interface FakeScript {
  /** Sent on connecting; '' = says nothing. */
  readonly greeting?: string;
  /** Called for each action, in order; `count` is the connection's number, from 1. */
  asked(request: Packet, session: FakeSession, count: number): void;
}

export interface FakeAmi {
  readonly port: number;
  /** Every action asked, in all connections. */
  readonly requests: readonly Packet[];
  /** Moments of the connections, as of performance.now(). */
  readonly connections: readonly number[];
  /** Connections open now. */
  readonly open: number;
  /** Sends to every open connection. */
  send(text: string): void;
  /** Drops every open connection. */
  drop(): void;
  close(): Promise<void>;
}

export const CHALLENGE = '197200725';

/** Lets anybody in and answers `Success` to everything; `more` comes right behind the log-in's answer, in one write. */
export function lettingIn(more = ''): FakeScript['asked'] {
  return (request, session) => {
    const action = request.get('Action');
    if (action === 'Challenge') session.answer(request, 'Success', ['Challenge', CHALLENGE]);
    else if (action === 'Login')
      session.send(`Response: Success\r\nActionID: ${request.get('ActionID')}\r\n\r\n${more}`);
    else if (action === 'CoreSettings') session.answer(request, 'Success', ['AsteriskVersion', '16.28.0']);
    else session.answer(request, action === 'Logoff' ? 'Goodbye' : 'Success');
  };
}

export async function startFakeAmi(script: FakeScript, atEnd: AtEnd, port = 0): Promise<FakeAmi> {
  const requests: Packet[] = [];
  const connections: number[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const count = connections.push(performance.now());
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    const session: FakeSession = {
      send: (text) => void socket.write(text),
      answer: (request, response, ...more) =>
        void socket.write(formatPacket([['Response', response], ['ActionID', request.get('ActionID')], ...more])),
      close: () => void socket.end(),
    };
    const reader = createPacketReader(
      { line: 4_096, lines: 64, bytes: 65_536 },
      {
        packet(request) {
          requests.push(request);
          script.asked(request, session, count);
        },
        fault: (fault) =>
          void requests.push({ raw: Buffer.from(fault), first: [fault, ''], headers: [], get: () => fault }),
      },
    );
    socket.on('data', (bytes) => reader.push(bytes));
    if (script.greeting !== '') socket.write(script.greeting ?? 'Asterisk Call Manager/5.0.4\r\n');
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  atEnd(close);
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    connections,
    get open() {
      return sockets.size;
    },
    send: (text) => sockets.forEach((socket) => void socket.write(text)),
    drop: () => sockets.forEach((socket) => void socket.destroy()),
    close,
  };
}
