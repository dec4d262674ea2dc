/**
 * One client's connection: its requests are answered one after another, what is no HTTP is refused with a reason, and a
 * request line with raw blanks (guide-resolved, "URL and method") is mended and read again.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { CgiError } from '../../cgi/reply.ts';
import type { HttpLimits } from '../limits.ts';
import type { Guard } from './guard.ts';
import { mendRequestLine, withoutUpgrade } from './request-line.ts';
import type { WebSockets } from './websocket.ts';
import { writeLast } from './write-reply.ts';

/** What is known of a connection. */
interface Connection {
  /** Bytes since the last request: those of the next one's head. Kept only for the case that they must be mended. */
  head: Buffer[];
  headBytes: number;
  request: IncomingMessage | null;
  /** Requests whose answers are due. */
  waiting: number;
  /** Those that came before the answer before theirs was through. */
  readonly line: (() => void)[];
  /** How slowly its answers are taken: bytes that were, and milliseconds that it may go on so. */
  taken: number;
  patience: number;
  /** Nothing that still comes is read by the parser that began. */
  given: boolean;
}

/**
 * Tends all connections of a server, HTTP's or HTTPS's.
 * @param guard Asked of WebSockets here; of requests it is asked where they are served.
 * @param serve Answers one request; settles when the answer is handed over and never rejects.
 */
export function tendConnections(
  server: Server,
  limits: HttpLimits,
  serve: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
  webSockets: Pick<WebSockets, 'serves' | 'upgrade'>,
  guard: Guard,
): void {
  const connections = new WeakMap<Duplex, Connection>();
  /** Those that answers go out by. */
  const sockets = new Set<Socket>();
  // HTTPS has connections of its own below: what speaks HTTP comes after the handshake.
  const begin = 'setSecureContext' in server ? 'secureConnection' : 'connection';

  server.on(begin, (socket: Duplex) => {
    const fresh: Connection = {
      head: [],
      headBytes: 0,
      request: null,
      waiting: 0,
      line: [],
      taken: 0,
      patience: limits.stalledMs,
      given: false,
    };
    connections.set(socket, fresh);
    if (socket instanceof Socket) {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    }
    // Before the parser's own listener. Without one the parser reads the handle itself: having it costs a request
    // 2 µs of the 25 that an empty answer takes.
    socket.prependListener('data', (chunk: Buffer) => {
      if (fresh.request?.complete === false || fresh.headBytes > limits.headers) return;
      fresh.head.push(chunk);
      fresh.headBytes += chunk.length;
    });
  });

  const take = (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    const connection = connections.get(socket);
    if (!connection || socket.destroyed) return;
    connection.request = request;
    connection.head = [];
    connection.headBytes = 0;
    if (connection.waiting >= limits.pipelined) return void socket.destroy();
    connection.waiting++;
    const begin = () => {
      if (socket.destroyed) return;
      // Through when it has left, or its client has gone, and nothing is at work for it any more.
      let left = 2;
      const part = () => {
        if (--left > 0) return;
        connection.waiting--;
        connection.line.shift()?.();
      };
      response.once('close', part);
      void serve(request, response).then(part);
    };
    if (connection.waiting === 1) begin();
    else connection.line.push(begin);
  };
  server.on('request', take);
  server.on('checkExpectation', take); // what is expected beyond 100-continue may be passed over (RFC 9110, 10.1.1)
  server.on('checkContinue', (request, response) => {
    // Its body is asked for when somebody wants to read it; if nobody does, what comes next might be it or might not.
    response.setHeader('Connection', 'close');
    take(request, response);
  });

  server.on('upgrade', (request, socket: Socket, head) => {
    const connection = connections.get(socket);
    if (!connection || connection.given) return void socket.destroy();
    connection.given = true;
    stopParser(socket);
    // Node has taken its own listeners off: without one a reset would end the process, and a silent client would stay for ever.
    socket.on('error', () => socket.destroy());
    socket.on('timeout', () => socket.destroy());
    if (/^websocket$/i.test(request.headers.upgrade ?? '') && webSockets.serves(request)) {
      connection.head = [];
      sockets.delete(socket); // what its listener may leave unread is bounded by whatever is spoken there
      socket.setTimeout(0); // it may well be silent for long: pings tell whether it lives
      const verdict = guard(request);
      if (verdict) writeLast(socket, verdict, limits.lingerMs);
      else webSockets.upgrade(request, socket, head);
      return;
    }
    // Java's client asks every plain HTTP server for HTTP/2 this way, and is content with an ordinary answer.
    server.emit(begin, throughSocket(socket, withoutUpgrade(Buffer.concat(connection.head))));
  });

  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const connection = connections.get(socket);
    if (!connection) return void socket.destroy(); // a handshake that failed or took too long
    if (connection.given) return;
    // Bytes behind a request that was said to be the last: its answer goes out all the same.
    if (error.code === 'HPE_CLOSED_CONNECTION') return;
    connection.given = true;
    // Into an answer that is under way nothing may be written: a client would take it for a part of that.
    if (!socket.writable || error.code === 'ECONNRESET' || connection.waiting > 0) return void socket.destroy();
    // Of a line that ended in its midst nothing more comes.
    const mayBeMended = error.code?.startsWith('HPE_') && error.code !== 'HPE_INVALID_EOF_STATE';
    if (mayBeMended && giveMended(socket as Socket, connection.head)) return;
    refuse(socket, faultOf(error.code));
  });

  // A client that takes nothing is seen by server.timeout; one that takes a byte now and then, here alone.
  let last = performance.now();
  const look = setInterval(() => {
    const passed = performance.now() - last;
    last += passed;
    for (const socket of sockets) {
      const connection = connections.get(socket);
      if (!connection) continue;
      const taken = socket.bytesWritten - socket.writableLength;
      const earned = ((taken - connection.taken) / limits.slowest) * 1000;
      const waits = socket.writableLength > 0;
      connection.patience = waits
        ? Math.min(limits.stalledMs, connection.patience - passed + earned)
        : limits.stalledMs;
      connection.taken = taken;
      if (connection.patience <= 0) socket.destroy();
    }
  }, limits.lookMs).unref();
  server.once('close', () => clearInterval(look));

  /** @returns whether the bytes begin a request that may be mended; then it is read anew by a parser of its own. */
  function giveMended(socket: Socket, head: Buffer[]): boolean {
    let mended = mendRequestLine(Buffer.concat(head));
    if (mended === null) return false;
    stopParser(socket);
    if (mended !== 'incomplete') {
      server.emit(begin, throughSocket(socket, mended));
      return true;
    }
    const late = setTimeout(() => refuse(socket, faultOf('ERR_HTTP_REQUEST_TIMEOUT')), limits.headersMs);
    socket.once('close', () => clearTimeout(late));
    socket.once('end', () => refuse(socket, faultOf('HPE'))); // its line will never end
    let length = head.reduce((sum, { length }) => sum + length, 0);
    socket.on('data', (chunk: Buffer) => {
      head.push(chunk);
      length += chunk.length;
      if (!chunk.includes('\n') && length <= limits.headers) return;
      clearTimeout(late);
      mended = length > limits.headers ? null : mendRequestLine(Buffer.concat(head));
      if (mended instanceof Buffer) {
        stopParser(socket);
        server.emit(begin, throughSocket(socket, mended));
      } else refuse(socket, faultOf(length > limits.headers ? 'HPE_HEADER_OVERFLOW' : 'HPE'));
    });
    return true;
  }

  function refuse(socket: Duplex, error: CgiError): void {
    stopParser(socket);
    writeLast(socket, { error }, limits.lingerMs);
  }
}

/** What the client is told, by the parser's or Node's own code. */
function faultOf(code: string | undefined): CgiError {
  if (code === 'HPE_HEADER_OVERFLOW')
    return new CgiError('too_large', 'the request line and headers are too long: use POST');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new CgiError('invalid', 'the request took too long to arrive');
  return new CgiError('invalid', 'this is not an HTTP request');
}

/** From here on the socket's bytes and its end are no longer the parser's. */
function stopParser(socket: Duplex): void {
  socket.removeAllListeners('data');
  socket.removeAllListeners('end');
}

/** The socket as it would be had it begun with these bytes. */
function throughSocket(socket: Socket, begin: Buffer): Duplex {
  const through = new Duplex({
    read: () => void socket.resume(),
    write: (chunk: Buffer, _encoding, done) => void socket.write(chunk, done),
    final: (done) => void socket.end(done),
    destroy(error, done) {
      socket.destroy();
      done(error);
    },
  });
  socket.on('data', (chunk: Buffer) => {
    if (!through.push(chunk)) socket.pause();
  });
  socket.on('end', () => through.push(null));
  socket.on('close', () => through.destroy());
  through.push(begin);
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  const resetAndDestroy = () => void socket.resetAndDestroy();
  const secure = 'encrypted' in socket && { encrypted: true };
  return Object.assign(through, { remoteAddress, remotePort, localAddress, localPort, resetAndDestroy, ...secure });
}
