/** The HTTP and HTTPS listeners: finds what a request is for, hands it down, and has its reply written. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Found } from '../../cgi/dialect/table.ts';
import { callerOf, dispatch, faultReply, isForLog, isNumber, refusal } from '../../cgi/dispatch.ts';
import { playRecording } from '../../cgi/recording/play.ts';
import { CgiError, errorReply, json } from '../../cgi/reply.ts';
import { openShare } from '../../cgi/share/open.ts';
import type { Services } from '../../cgi/verb.ts';
import { isLoopback, plainAddress } from '../../storage/model/address.ts';
import { may } from '../../storage/model/rights.ts';
import type { ListenAddress } from '../config.ts';
import { statesOf } from '../health.ts';
import { type HttpLimits, httpLimits } from '../limits.ts';
import type { Log } from '../log.ts';
import type { Permits } from '../permits.ts';
import { createListeners, type Listening, type Prepared, type Wanted } from '../sockets/listeners.ts';
import { hostAndPort, ownSockets, type Sockets } from '../sockets/sockets.ts';
import { type Bodies, createBodies } from './body.ts';
import type { Certificate } from './certificate.ts';
import { likely } from './conditional.ts';
import { tendConnections } from './connection.ts';
import { anyTokenOf, cookieIn, tokenOf } from './cookies.ts';
import { answerDialect, refuseAsDialect } from './dialects.ts';
import { createGate, type Gate, type GateFigures } from './gate.ts';
import { createGuard, type Guard } from './guard.ts';
import type { Hosts } from './hosts.ts';
import { isPerson, type StaticFiles, writeStatic } from './static.ts';
import { TLS } from './tls-options.ts';
import type { WebSockets } from './websocket.ts';
import { breakOff, deviceCookie, isSecure, writeRedirect, writeReply, writeText } from './write-reply.ts';

/** What is listened on, in the order of the configuration. */
export interface HttpListen {
  readonly http: readonly ListenAddress[];
  readonly https: readonly ListenAddress[];
}

export interface HttpOptions {
  readonly listen: HttpListen;
  /** Listened on as long as none of these addresses is there, and instead of them when one can't be had. */
  readonly standIn?: HttpListen;
  /** That of HTTPS, asked for when there is a listener for it. */
  certificate(): Promise<Certificate>;
  readonly services: Services;
  /** From where one may come. */
  readonly permits: Permits;
  /** By which names one may ask. */
  readonly hosts: Hosts;
  /** Whether HTTP sends on to HTTPS, at this moment. */
  redirects(): boolean;
  readonly log: Log;
  /** What `/healthz` says, and whether it is 200 or 503. */
  health(): { readonly ok: boolean; readonly body: Readonly<Record<string, unknown>> };
  /** `/metrics` in Prometheus' text format. */
  metrics(): string;
  /** Called with each request's number ('' where there is no such number) and status, when its answer has ended. */
  onAnswer(number: string, status: number, ms: number): void;
  /** What may be opened as a WebSocket. */
  readonly webSockets: WebSockets;
  /** The pages. */
  readonly pages: StaticFiles;
  /** Whose an address is among the dialects that are switched on at this moment; absent: there are none. */
  dialectAt?(path: string): Found | null;
  /** How an address is listened on; default: by a socket of its own. */
  readonly sockets?: Sockets;
  /** Tests have narrower ones. */
  readonly limits?: HttpLimits;
}

/** The options and what all listeners share. */
interface Context extends Omit<HttpOptions, 'listen' | 'standIn' | 'certificate'> {
  readonly limits: HttpLimits;
  readonly bodies: Bodies;
  readonly gate: Gate;
  readonly guard: Guard;
  /** Connections that were there before this, monotonic milliseconds, end with their next answer. */
  readonly renewed: { at: number };
}

export interface HttpListeners {
  /** The ports listened on at this moment, in the order of the configuration: port 0 is known only now. */
  readonly addresses: readonly AddressInfo[];
  /** Those of HTTPS. */
  readonly secureAddresses: readonly AddressInfo[];
  /** What is wanted and waits for its address. */
  readonly missing: readonly Wanted<Kind>[];
  /** Connections turned away. */
  readonly refused: Readonly<GateFigures>;
  /** Listens on these. @throws {ListenError}; then nothing has changed. */
  prepare(listen: HttpListen): Promise<Prepared>;
  /** Ends the connections that there are, each after the answer that is under way: whoever asks next comes by a new one. */
  renew(): void;
  close(): Promise<void>;
}

const NUMBERS = '/cgi/webserve/';
const RECORDINGS = '/recordings/';
const SHARES = '/share/';

export type Kind = 'http' | 'https';

/**
 * Addresses that aren't there yet are waited for; for those that can't be had for another reason `standIn` is listened on.
 * @throws {ListenError} when that can't be had either; none is left open then.
 */
export async function listenHttp(options: HttpOptions): Promise<HttpListeners> {
  const { listen, certificate, sockets = ownSockets, log, webSockets } = options;
  const limits = options.limits ?? httpLimits;
  const gate = createGate(limits, options.permits, log);
  const guard = createGuard({
    limits,
    hosts: options.hosts,
    // A share's page, too, does nothing by being opened, and links to it come by mail.
    isPage: (path) => options.pages.isPage(path) || path.startsWith(SHARES) || isLink(options.dialectAt?.(path)),
    isKnown: createKnown((request) => callerOf(anyTokenOf(request), options.services, false) !== null, gate),
    redirectPort() {
      const [first] = options.redirects() ? addressesOf('https') : [];
      return first?.port ?? null;
    },
  });
  const context: Context = {
    ...options,
    limits,
    bodies: createBodies(limits),
    gate,
    guard,
    renewed: { at: Number.NEGATIVE_INFINITY },
  };
  const listeners = createListeners<Kind>({
    async create(wanted) {
      const server =
        wanted.kind === 'http' ? createServer(serverOptions(limits)) : await secureServer(limits, await certificate());
      tend(context, server, wanted);
      return server;
    },
    retire: (server) => closeServer(server as Server, limits),
    quiet: (server) => void quiet(server as Server, limits),
    sockets,
    log,
  });
  const wantedOf = ({ http, https }: HttpListen): readonly Wanted<Kind>[] => [
    ...http.map((address) => ({ kind: 'http' as const, address })),
    ...https.map((address) => ({ kind: 'https' as const, address })),
  ];
  const addressesOf = (kind: Kind) =>
    listeners.now.filter((each) => each.kind === kind).map(({ server }) => server.address() as AddressInfo);
  await listeners.begin(wantedOf(listen), wantedOf(options.standIn ?? { http: [], https: [] }));
  return {
    get addresses() {
      return addressesOf('http');
    },
    get secureAddresses() {
      return addressesOf('https');
    },
    get missing() {
      return listeners.missing;
    },
    refused: gate.figures,
    prepare: (next) => listeners.prepare(wantedOf(next)),
    renew() {
      context.renewed.at = performance.now();
      for (const { server } of listeners.open as readonly Listening<Kind>[]) (server as Server).closeIdleConnections();
    },
    async close() {
      webSockets.close();
      await listeners.close();
    },
  };
}

/** Milliseconds that a connection which has shown who it is needn't be looked up again, for how much it may ask. */
const KNOWN_MS = 1_000;

/** Whether a request's session or key is a good one: looked for once a second where a connection sends the same one again. */
function createKnown(look: (request: IncomingMessage) => boolean, gate: Gate) {
  const shown = new WeakMap<
    object,
    { readonly authorization: string | undefined; readonly cookie: string | undefined; readonly until: number }
  >();
  return (request: IncomingMessage) => {
    const { authorization, cookie } = request.headers;
    if (authorization === undefined && cookie === undefined) return false;
    const before = shown.get(request.socket);
    const now = performance.now();
    if (before && now < before.until && before.authorization === authorization && before.cookie === cookie) return true;
    if (!look(request)) return false;
    gate.known(request.socket);
    shown.set(request.socket, { authorization, cookie, until: now + KNOWN_MS });
    return true;
  };
}

function serverOptions(limits: HttpLimits) {
  return {
    maxHeaderSize: limits.headers,
    requireHostHeader: false, // the guard says so itself, with our headers
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: limits.lookMs,
    keepAliveTimeout: limits.keepAliveMs,
  };
}

/** One that follows the certificate's changes. TLS is loaded only here. */
async function secureServer(limits: HttpLimits, certificate: Certificate): Promise<Server> {
  const { createServer: createSecureServer } = await import('node:https');
  const { key, cert } = certificate.current;
  const options = { ...serverOptions(limits), ...TLS, handshakeTimeout: limits.handshakeMs };
  const server = createSecureServer({ ...options, key, cert });
  server.once(
    'close',
    certificate.onChange(({ key, cert }) => server.setSecureContext({ ...TLS, key, cert })),
  );
  return server;
}

/** Has a server do what it is there for, once it listens. */
function tend(context: Context, server: Server, { kind, address }: Wanted<Kind>): void {
  const { limits, guard, gate, webSockets } = context;
  const listen = hostAndPort(address);
  server.maxHeadersCount = limits.headerCount + 1; // one more shows that there are too many
  // No maxConnections: Node would drop newcomers before the gate could make room for them.
  server.timeout = limits.stalledMs;
  tendConnections(server, limits, (request, response) => answer(context, request, response, listen), webSockets, guard);
  gate.guard(server, kind);
}

/** Never rejects. */
async function answer(
  context: Context,
  request: IncomingMessage,
  response: ServerResponse,
  listen: string,
): Promise<void> {
  const begin = performance.now();
  const { at: renewed } = context.renewed;
  if (renewed > Number.NEGATIVE_INFINITY && context.gate.since(request.socket) < renewed)
    response.setHeader('Connection', 'close');
  // A proxy's form of the target, `http://host/path`, must be understood too (RFC 9112, 3.2.2).
  const target = (request.url ?? '').replace(/^https?:\/\/[^/?]*/i, '');
  const [path = '', query = ''] = split(target, '?');
  const number = path.startsWith(NUMBERS) && isNumber(path.slice(NUMBERS.length)) ? path.slice(NUMBERS.length) : '';
  response.once('close', () => {
    const ms = performance.now() - begin;
    context.onAnswer(number, response.writableFinished ? response.statusCode : 499, ms); // 499: the client went away
  });
  try {
    const verdict = context.guard(request);
    if (verdict && 'location' in verdict) return writeRedirect(response, verdict.location);
    if (verdict) {
      // Who floods us may begin anew for each request.
      if (verdict.error.code === 'busy') response.setHeader('Connection', 'close');
      // Of a page of another site nobody expects the form of a dialect.
      const found = verdict.error.code === 'denied' ? null : context.dialectAt?.(path);
      if (found) return await refuseAsDialect(found, verdict.error, { request, response, query }, context);
      return await writeReply(response, errorReply(verdict.error));
    }
    await route(context, request, response, { path, query, listen });
  } catch (error) {
    if (request.socket.destroyed) return; // nobody is there to be told, and nothing here has failed
    const known = faultReply(error);
    if (isForLog(error) || response.headersSent)
      context.log.error('a request failed', { asked: number || firstPart(path), error });
    if (response.headersSent) breakOff(response);
    else await writeReply(response, known ?? errorReply(new CgiError('internal', 'something went wrong here')));
  }
}

/** What was asked for, for the log: a recording's path would tell who called whom. */
function firstPart(path: string): string {
  return path.split('/', 2).join('/').slice(0, 40);
}

async function route(
  context: Context,
  request: IncomingMessage,
  response: ServerResponse,
  { path, query, listen }: { readonly path: string; readonly query: string; readonly listen: string },
): Promise<void> {
  const { services, bodies, gate } = context;
  const address = plainAddress(request.socket.remoteAddress ?? '');
  if (path.startsWith(NUMBERS)) {
    // HEAD too is refused: it would log in, delete or search, only to throw the answer away.
    if (!allows(request, response, 'GET', 'POST')) return;
    const number = path.slice(NUMBERS.length);
    const body = (known: boolean) => bodies.read(request, response, known);
    const agent = request.headers['user-agent'] ?? '';
    const device = cookieIn(request, deviceCookie(request));
    const secure = isSecure(request);
    const asked = {
      ...{ number, query, body, token: tokenOf(request), address, agent, device, secure },
      door: {
        listener: secure ? ('https' as const) : ('http' as const),
        listen,
        since: gate.since(request.socket),
        host: request.headers.host ?? '',
      },
    };
    return writeReply(response, await dispatch(asked, services));
  }
  const found = context.dialectAt?.(path);
  if (found) return answerDialect(found, { request, response, query }, context);
  if (!allows(request, response, 'GET', 'HEAD')) return;
  if (path.startsWith(RECORDINGS)) {
    const token = tokenOf(request);
    const asked = { path: path.slice(RECORDINGS.length), query, token, address, ahead: likely(request) };
    return writeReply(response, await playRecording(asked, services));
  }
  if (path.startsWith(SHARES)) {
    const languages = request.headers['accept-language'] ?? '';
    const asked = { path: path.slice(SHARES.length), query, token: tokenOf(request), address, languages };
    return writeReply(response, await openShare({ ...asked, ahead: likely(request) }, services));
  }
  if (path === '/healthz') {
    const { ok, body } = context.health();
    const known = isLocalProgram(request) || callerOf(tokenOf(request), services) !== null;
    return writeReply(response, json(known ? body : statesOf(body), ok ? 200 : 503));
  }
  if (path === '/metrics') {
    const caller = callerOf(tokenOf(request), services);
    // A key for some numbers is for nothing else.
    const permitted = caller !== null && may(caller.role, 'metrics') && caller.numbers === null;
    if (!permitted && !isLocalProgram(request))
      throw refusal({ caller, token: tokenOf(request), address }, { path }, services);
    return writeText(response, 200, 'text/plain; version=0.0.4; charset=utf-8', context.metrics());
  }
  const file = context.pages.find(path);
  if (file) return writeStatic(response, file);
  const document = context.pages.find('/');
  if (document && isPerson(request)) return writeStatic(response, document, 404);
  const nothing = 'there is nothing here; numbers stand under /cgi/webserve/';
  return refuse(response, 'not_found', path === '/' ? `the pages are not built, make build does; ${nothing}` : nothing);
}

/** Whether an address of a dialect's only leads on: a program's own pages have links to it. */
function isLink(found: Found | null | undefined): boolean {
  return found?.entry.links?.includes(found.path) === true;
}

/** Whether the request's method is one of these; if not, that's answered. */
function allows(request: IncomingMessage, response: ServerResponse, ...methods: readonly string[]): boolean {
  if (methods.includes(request.method ?? '')) return true;
  response.setHeader('Allow', methods.join(', '));
  void refuse(response, 'method', `${methods.join(' and ')} only`);
  return false;
}

function refuse(response: ServerResponse, code: CgiError['code'], message: string): Promise<void> {
  return writeReply(response, errorReply(new CgiError(code, message)));
}

/** Whether a program on the box asks, and not somebody else through a proxy on it. */
function isLocalProgram({ socket, headers }: IncomingMessage): boolean {
  const forwarded = headers.forwarded ?? headers['x-forwarded-for'];
  return forwarded === undefined && isLoopback(socket.remoteAddress ?? '');
}

function split(text: string, at: string): [string, string?] {
  const index = text.indexOf(at);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}

/** Answers under way are finished, within a bound; connections that only wait are ended. */
function closeServer(server: Server, limits: HttpLimits): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(() => server.closeAllConnections(), limits.drainMs);
    server.close(() => {
      clearTimeout(late);
      resolve();
    });
    server.closeIdleConnections();
  });
}

/** The same for one that goes on listening. */
function quiet(server: Server, limits: HttpLimits): void {
  server.closeIdleConnections();
  setTimeout(() => server.closeAllConnections(), limits.drainMs).unref();
}
