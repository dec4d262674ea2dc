/**
 * A socket that listens before the daemon can answer: handed on by the service manager, or bound while the process was still
 * root. Who connects meanwhile waits, and becomes a client like any other when the listener is there: a start lasts some
 * seconds, and a refusal would have to be spoken in HTTP, TLS and AMI. Both bounds hold while a damaged store is replaced,
 * which takes minutes.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { ListenAddress } from '../config.ts';
import { earlyLimits } from '../limits.ts';

export interface Early {
  /** null: not by TCP. */
  readonly at: ListenAddress | null;
  /** Has the server serve this socket and whoever waits; it is the server's from now on. @throws what listening throws. */
  handTo(server: Server): Promise<void>;
  /** Whoever waits is cut off, and whoever comes from now on, until a server takes it after all. */
  park(): void;
  /** Closes this process's end of it. */
  close(): void;
}

/** @param listen Begins to listen. @throws what listening throws. */
export async function openEarly(
  listen: (server: Server) => Promise<void>,
  limits: { readonly connections: number; readonly waitMs: number } = earlyLimits,
): Promise<Early> {
  const waiting = new Map<Socket, NodeJS.Timeout>();
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true });
  server.maxConnections = limits.connections;
  let parked = false;
  server.on('connection', (socket) => {
    if (parked) return void socket.destroy();
    socket.on('error', ignore);
    const late = setTimeout(() => socket.destroy(), limits.waitMs);
    waiting.set(socket, late);
    socket.once('close', () => {
      clearTimeout(late);
      waiting.delete(socket);
    });
  });
  await listen(server);
  server.on('error', ignore); // a failed accept
  const address = server.address();
  return {
    at: address === null || typeof address === 'string' ? null : { host: address.address, port: address.port },
    park() {
      parked = true;
      for (const socket of waiting.keys()) socket.destroy();
    },
    async handTo(owner) {
      await listenOn(owner, () => owner.listen(server));
      for (const [socket, late] of waiting) {
        clearTimeout(late);
        socket.off('error', ignore);
        owner.emit('connection', socket);
        socket.resume();
      }
      waiting.clear();
    },
    close() {
      server.close();
      for (const socket of waiting.keys()) socket.destroy();
    },
  };
}

/** Settles when the server listens. @throws what listening throws. */
export function listenOn(server: Server, listen: () => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      server.off('error', reject);
      resolve();
    });
    listen();
  });
}

function ignore(): void {}
