/** The HTTP and HTTPS listeners: what is listened on, by which limits, and how it ends. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Found } from '../../cgi/dialect/table.ts';
import { callerOf } from '../../cgi/dispatch.ts';
import type { ListenAddress } from '../config.ts';
import { type HttpLimits, httpLimits } from '../limits.ts';
import type { Permits } from '../permits.ts';
import { createListeners, type Listening, type Prepared, type Wanted } from '../sockets/listeners.ts';
import { hostAndPort, ownSockets, type Sockets } from '../sockets/sockets.ts';
import { type AnswerContext, type Answering, answerRequest, SHARES } from './answer.ts';
import { createBodies } from './body.ts';
import type { Certificate } from './certificate.ts';
import { tendConnections } from './connection.ts';
import { anyTokenOf } from './cookies.ts';
import { createGate, type Gate, type GateFigures } from './gate.ts';
import { createGuard } from './guard.ts';
import type { Hosts } from './hosts.ts';
import { TLS } from './tls-options.ts';
import type { WebSockets } from './websocket.ts';

/** What is listened on, in the order of the configuration. */
export interface HttpListen {
  readonly http: readonly ListenAddress[];
  readonly https: readonly ListenAddress[];
}

export interface HttpOptions extends Answering {
  readonly listen: HttpListen;
  /** Listened on as long as none of these addresses is there, and instead of them when one can't be had. */
  readonly standIn?: HttpListen;
  /** That of HTTPS, asked for when there is a listener for it. */
  certificate(): Promise<Certificate>;
  /** From where one may come. */
  readonly permits: Permits;
  /** By which names one may ask. */
  readonly hosts: Hosts;
  /** Whether HTTP sends on to HTTPS, at this moment. */
  redirects(): boolean;
  /** What may be opened as a WebSocket. */
  readonly webSockets: WebSockets;
  /** How an address is listened on; default: by a socket of its own. */
  readonly sockets?: Sockets;
  /** Tests have narrower ones. */
  readonly limits?: HttpLimits;
}

/** What all listeners share. */
interface Context extends AnswerContext {
  readonly limits: HttpLimits;
  readonly webSockets: WebSockets;
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
  tendConnections(
    server,
    limits,
    (request, response) => answerRequest(context, request, response, listen),
    webSockets,
    guard,
  );
  gate.guard(server, kind);
}

/** Whether an address of a dialect's only leads on: a program's own pages have links to it. */
function isLink(found: Found | null | undefined): boolean {
  return found?.entry.links?.includes(found.path) === true;
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
