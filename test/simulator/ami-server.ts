/** The sockets of the simulated PBX's manager interface: greeting, requests in, answers and events out, all bounded. */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { ALL_CLASSES, type AmiHost, type AmiSession, answer, GREETING } from './ami-actions.ts';
import { LOGIN_TIMEOUT_MS, MAX_BACKLOG_BYTES, MAX_SESSIONS } from './limits.ts';
import { requestReader } from './request.ts';

export interface AmiServer {
  readonly port: number;
  /** Connections that have logged in. */
  readonly sessions: number;
  /** Sends bytes to every logged-in session whose mask has the class. */
  broadcast(bytes: Buffer, eventClass: string): void;
  /** Ends every connection without a word. */
  dropConnections(): void;
  close(): Promise<void>;
}

/** Listens on `host:port` (0 = any free port). Rejects when it can't. */
export async function startAmiServer(where: { host: string; port: number }, host: AmiHost): Promise<AmiServer> {
  const open = new Map<Socket, AmiSession>();

  const send = (socket: Socket, bytes: Buffer | string): void => {
    if (!socket.writable) return;
    socket.write(bytes);
    if (socket.writableLength > MAX_BACKLOG_BYTES) socket.destroy();
  };

  const welcome = (socket: Socket): void => {
    if (open.size >= MAX_SESSIONS) {
      socket.destroy();
      return;
    }
    const session: AmiSession = { authenticated: false, mask: ALL_CLASSES, challenge: '' };
    open.set(socket, session);
    const read = requestReader();
    const tooLate = setTimeout(() => socket.destroy(), LOGIN_TIMEOUT_MS);
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      clearTimeout(tooLate);
      open.delete(socket);
    });
    socket.on('data', (chunk) => {
      try {
        for (const request of read(chunk)) {
          const { text, close } = answer(request, session, host);
          send(socket, text);
          if (session.authenticated) clearTimeout(tooLate);
          if (close) {
            session.authenticated = false;
            socket.end();
            return;
          }
        }
      } catch {
        // A line or request beyond the bounds.
        socket.destroy();
      }
    });
    send(socket, GREETING);
  };

  const server: Server = createServer(welcome);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(where.port, where.host, resolve);
  });
  const dropConnections = (): void => {
    for (const socket of open.keys()) socket.destroy();
  };

  return {
    port: (server.address() as AddressInfo).port,
    get sessions() {
      return [...open.values()].filter((session) => session.authenticated).length;
    },
    broadcast: (bytes, eventClass) => {
      for (const [socket, session] of open) {
        if (session.authenticated && session.mask.has(eventClass)) send(socket, bytes);
      }
    },
    dropConnections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        dropConnections();
      }),
  };
}
