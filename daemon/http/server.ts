/** The HTTP listeners: finds what a request is for, hands it down, and has its reply written. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { callerOf, dispatch, faultReply } from '../../cgi/dispatch.ts';
import { CgiError, errorReply, json } from '../../cgi/reply.ts';
import type { Services } from '../../cgi/verb.ts';
import { may } from '../../storage/model/rights.ts';
import type { ListenAddress } from '../config.ts';
import { httpLimits as limits } from '../limits.ts';
import type { Log } from '../log.ts';
import { SESSION_COOKIE, writeReply, writeText } from './write-reply.ts';

export interface HttpOptions {
  readonly listen: readonly ListenAddress[];
  readonly services: Services;
  readonly log: Log;
  /** What `/healthz` says, and whether it is 200 or 503. */
  health(): { readonly ok: boolean; readonly body: object };
  /** `/metrics` in Prometheus' text format. */
  metrics(): string;
  /** Called with each request's number ('' for others) and status, when its answer has ended. */
  onAnswer(number: string, status: number, ms: number): void;
}

export interface HttpListeners {
  /** The ports listened on, in the order of the configuration: port 0 is known only now. */
  readonly addresses: readonly AddressInfo[];
  close(): Promise<void>;
}

const NUMBERS = '/cgi/webserve/';

/** @throws when an address can't be listened on; none is left open then. */
export async function listenHttp(options: HttpOptions): Promise<HttpListeners> {
  const servers: Server[] = [];
  const close = async () => {
    await Promise.all(servers.map(closeServer));
  };
  try {
    for (const address of options.listen) servers.push(await listenOrFallBack(options, address));
  } catch (error) {
    await close();
    throw error;
  }
  return { addresses: servers.map((server) => server.address() as AddressInfo), close };
}

/** A kernel without IPv6 knows no `[::]`: there every IPv4 address is what was meant. */
function listenOrFallBack(options: HttpOptions, address: ListenAddress): Promise<Server> {
  return listen(options, address).catch((error: NodeJS.ErrnoException) => {
    if (address.host !== '::' || error.code !== 'EAFNOSUPPORT') throw error;
    return listen(options, { ...address, host: '0.0.0.0' });
  });
}

function listen(options: HttpOptions, { host, port }: ListenAddress): Promise<Server> {
  const server = createServer(
    { maxHeaderSize: limits.headers, headersTimeout: limits.headersMs, requestTimeout: limits.requestMs },
    (request, response) => void answer(options, request, response),
  );
  server.maxConnections = limits.connections;
  server.keepAliveTimeout = limits.keepAliveMs;
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (!socket.writable) return void socket.destroy();
    const tooLarge = error.code === 'HPE_HEADER_OVERFLOW';
    const [status, code, message] = tooLarge
      ? ['413 Payload Too Large', 'too_large', 'the request line is too long: use POST']
      : ['400 Bad Request', 'invalid', 'this is not an HTTP request'];
    const body = JSON.stringify({ error: { code, message } });
    socket.end(
      `HTTP/1.1 ${status}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      server.on('error', (error) => options.log.error('an HTTP listener failed', { error }));
      resolve(server);
    });
  });
}

async function answer(options: HttpOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const begin = performance.now();
  const [path = '/', query = ''] = split(request.url ?? '/', '?');
  const number = path.startsWith(NUMBERS) ? path.slice(NUMBERS.length) : '';
  response.once('close', () => {
    const ms = performance.now() - begin;
    options.onAnswer(number, response.writableFinished ? response.statusCode : 499, ms); // 499: the client went away
  });
  try {
    await route(options, request, response, path, query);
  } catch (error) {
    options.log.error('a request failed', { path, error });
    if (response.headersSent) response.destroy();
    else await writeReply(response, errorReply(new CgiError('internal', 'something went wrong here: see the log')));
  }
}

async function route(
  options: HttpOptions,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  query: string,
): Promise<void> {
  const { services } = options;
  const reading = request.method === 'GET' || request.method === 'HEAD';
  if (path.startsWith(NUMBERS)) {
    if (!reading && request.method !== 'POST') return refuse(response, 'method', 'GET and POST only');
    const body = await readBody(request).catch(faultReply);
    if (typeof body !== 'string') {
      response.setHeader('Connection', 'close'); // the rest of the body is not read
      return writeReply(response, body);
    }
    const token = tokenOf(request);
    return writeReply(response, await dispatch({ number: path.slice(NUMBERS.length), query, body, token }, services));
  }
  if (!reading) return refuse(response, 'method', 'GET only');
  if (path === '/healthz') {
    const { ok, body } = options.health();
    return writeReply(response, json(body, ok ? 200 : 503));
  }
  if (path === '/metrics') {
    const caller = callerOf(tokenOf(request), services);
    if (!isBoxItself(request)) {
      if (!caller) return refuse(response, 'login', 'log in first: 8404');
      if (!may(caller.role, 'metrics')) return refuse(response, 'denied', `${caller.user} may not do this`);
    }
    return writeText(response, 200, 'text/plain; version=0.0.4; charset=utf-8', options.metrics());
  }
  return refuse(response, 'not_found', 'there is nothing here; numbers stand under /cgi/webserve/');
}

function refuse(response: ServerResponse, code: CgiError['code'], message: string): Promise<void> {
  return writeReply(response, errorReply(new CgiError(code, message)));
}

/** @throws {CgiError} `too_large` beyond the limit; `invalid` for a body that is no form. */
async function readBody(request: IncomingMessage): Promise<string> {
  if (request.method !== 'POST') return '';
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limits.body) throw new CgiError('too_large', `the body is over ${limits.body} bytes`);
    chunks.push(chunk);
  }
  const type = request.headers['content-type'] ?? '';
  // Clients of the guide POST with an empty body and any type; a body of another kind would be silently lost.
  if (length > 0 && type !== '' && !type.toLowerCase().startsWith('application/x-www-form-urlencoded'))
    throw new CgiError('invalid', 'the body must be application/x-www-form-urlencoded');
  return Buffer.concat(chunks).toString('utf8').trim();
}

/** `Authorization: Bearer …` before the cookie: a program that sends both means the header. */
function tokenOf({ headers }: IncomingMessage): string | null {
  const bearer = /^Bearer +([A-Za-z0-9._~+/=-]{1,200})$/i.exec(headers.authorization ?? '')?.[1];
  if (bearer) return bearer;
  for (const pair of (headers.cookie ?? '').split(';')) {
    const [name = '', value = ''] = split(pair.trim(), '=');
    if (name === SESSION_COOKIE) return value;
  }
  return null;
}

/** A request from this machine that no proxy passed on. */
function isBoxItself({ socket, headers }: IncomingMessage): boolean {
  const forwarded = headers.forwarded ?? headers['x-forwarded-for'];
  return forwarded === undefined && /^(::ffff:)?127\.|^::1$/.test(socket.remoteAddress ?? '');
}

function split(text: string, at: string): [string, string?] {
  const index = text.indexOf(at);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}

/** Answers under way are finished, within a bound; connections that only wait are ended. */
function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(() => server.closeAllConnections(), limits.drainMs);
    server.close(() => {
      clearTimeout(late);
      resolve();
    });
    server.closeIdleConnections();
  });
}
