/**
 * AMI clients by TCP and by the local socket: bytes to packets and back, no faster than the client is answered.
 */
import { chmod } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { plainAddress } from '../../storage/model/address.ts';
import type { AmiLimits } from '../limits.ts';
import { listenOn } from '../sockets/early.ts';
import { createPacketReader } from '../wire/packet.ts';
import { createOutput } from './output.ts';
import type { AmiSession } from './session.ts';

/** How a client's bytes reach it, whatever carries them. */
export interface Carrier {
  /** Remote address; '' for the local socket. */
  readonly address: string;
  send(bytes: Buffer | string): void;
  /** Bytes sent and not taken by the other side yet. */
  readonly unread: number;
  /** Ends when what was sent is through; the other side's end is waited for by nobody. */
  end(): void;
  /** Ends now. */
  destroy(): void;
}

/** A client that was let in. */
export interface AmiClient {
  readonly session: AmiSession;
  /** Its carrier is closed. */
  gone(): void;
}

/** Milliseconds that clients have to take their last bytes. */
export const GOODBYE_MS = 500;

/**
 * Greets a client and converses with it until it is gone.
 * @param local By the local socket. @param attach Lets it in; null: it doesn't, and the carrier was destroyed.
 */
export function converse(
  socket: Socket,
  local: boolean,
  attach: (carrier: Carrier) => AmiClient | null,
  greeting: string,
  limits: AmiLimits,
): void {
  socket.on('error', () => socket.destroy());
  if (!local) socket.setNoDelay(true).setKeepAlive(true, limits.keepAliveMs);
  const output = createOutput(socket);
  const client = attach({
    address: local ? '' : plainAddress(socket.remoteAddress ?? 'unknown'),
    send: output.send,
    get unread() {
      return output.unread;
    },
    end: () => output.end(GOODBYE_MS),
    destroy: () => void socket.destroy(),
  });
  if (!client) return;
  const { session } = client;
  socket.once('close', client.gone);
  output.send(`${greeting}\r\n`);
  const reader = createPacketReader(
    limits,
    {
      packet: session.packet,
      fault: session.fault,
      empty: session.empty,
    },
    { faultIds: true },
  );
  let pending = false;
  let ended = false;
  socket.on('data', take);
  socket.once('end', () => {
    ended = true;
    const late = setTimeout(() => socket.destroy(), limits.lingerMs);
    socket.once('close', () => clearTimeout(late));
    if (!pending) session.inputEnded(); // Node tells of the end though it is paused
  });

  /** In slices: a chunk of 64 KB may hold as many empty packets, and each of them is answered. */
  function take(bytes: Buffer): void {
    for (let from = 0; from < bytes.length; from += SLICE) {
      reader.push(bytes.subarray(from, from + SLICE));
      if (!session.full) continue;
      pending = true;
      socket.pause();
      whenRoom(bytes.subarray(from + SLICE));
      return;
    }
    if (!pending) return;
    pending = false;
    if (ended) session.inputEnded();
    else socket.resume();
  }

  function whenRoom(rest: Buffer): void {
    setTimeout(() => {
      if (socket.destroyed) return;
      if (session.full) whenRoom(rest);
      else take(rest);
    }, AGAIN_MS);
  }
}

/** Milliseconds between two looks whether a client that sends faster than it is answered may go on. */
const AGAIN_MS = 20;
/** Bytes taken in before it is looked whether so much waits that no more should be. */
const SLICE = 1_024;

/** Open to its own user and group: 0660. Until that is said, umask 027 leaves nobody but the owner the right to connect. */
export async function listenLocal(path: string, serve: (socket: Socket) => void): Promise<Server> {
  const server = createAmiServer(serve);
  await listenOn(server, () => server.listen(path));
  await chmod(path, 0o660);
  return server;
}

/** Whoever closes its own side after its last action still gets its answers, as from Asterisk. */
export function createAmiServer(serve: (socket: Socket) => void): Server {
  return createServer({ allowHalfOpen: true }, serve);
}
