/**
 * What a request must be before it is asked what it wants: by one of the box's names, not set off by another site's page,
 * not one of too many. The same for HTTP, HTTPS and WebSockets.
 */
import type { IncomingMessage } from 'node:http';
import { CgiError } from '../../cgi/reply.ts';
import { isBoxItself, networkOf } from '../../storage/model/address.ts';
import type { HttpLimits } from '../limits.ts';
import type { Hosts } from './hosts.ts';
import { isBehindHttps, isForeign } from './origin.ts';
import { createRate } from './rate.ts';
import { isSecure, type Refusal } from './write-reply.ts';

export interface GuardOptions {
  readonly limits: HttpLimits;
  readonly hosts: Hosts;
  /** Whether the request's session or key is a good one. */
  isKnown(request: IncomingMessage): boolean;
  /** Whether a path is a page's, to which anybody may link. */
  isPage(path: string): boolean;
  /** The port of HTTPS that HTTP is sent on to; null: it isn't. */
  redirectPort(): number | null;
}

export interface Guard {
  /** @returns what answers a request that isn't to be served. */
  (request: IncomingMessage): Refusal | null;
  /** Who asks is known only now, by what stood in the request itself: it counts with those of the known. */
  recognised(request: IncomingMessage): void;
}

/** For whatever looks whether the box is alive: it knows no names, no cookies and no HTTPS. */
const HEALTH = '/healthz';

export function createGuard({ limits, hosts, isKnown, isPage, redirectPort }: GuardOptions): Guard {
  // Apart: a flood of strangers keeps nobody out who is logged in, be they of the same house.
  const { counted } = limits;
  const strangers = createRate({ burst: limits.strangerBurst, rate: limits.strangerRate, counted });
  const known = createRate({ burst: limits.knownBurst, rate: limits.knownRate, counted });
  /** A client asks again and again: of the last addresses it is known which network they are of. */
  const sources = new Map<string, string>();
  /** Requests that have been counted with the strangers'. */
  const asStrangers = new WeakSet<IncomingMessage>();

  function sourceOf(address: string): string {
    const before = sources.get(address);
    if (before !== undefined) return before;
    if (sources.size >= limits.connections) sources.clear();
    const source = networkOf(address);
    sources.set(address, source);
    return source;
  }

  function recognised(request: IncomingMessage): void {
    if (!asStrangers.delete(request)) return;
    const source = sourceOf(request.socket.remoteAddress ?? '');
    // Who has used up what the known may goes on at the pace of strangers.
    if (known.take(source) === 0) strangers.give(source);
  }

  const guard = (request: IncomingMessage): Refusal | null => {
    const { headers, method, socket, rawHeaders, httpVersion } = request;
    const refused = (code: CgiError['code'], message: string, after?: number) => ({
      error: new CgiError(code, message, undefined, after),
    });
    if (rawHeaders.length > limits.headerCount * 2) return refused('too_large', `over ${limits.headerCount} headers`);
    const [authority, target] = split(request.url ?? '');
    const asked = hostsOf(rawHeaders);
    if (asked.length > 1) return refused('invalid', 'two Host headers');
    if (asked.length === 0 && httpVersion === '1.1') return refused('invalid', 'no Host header');
    for (const name of authority === undefined ? asked : [authority, ...asked])
      if (!hosts.knows(name))
        return refused(
          'misdirected',
          `${shown(name)} is no name of this box: list it in http.names, or use its address`,
        );
    const address = socket.remoteAddress ?? '';
    const ownBox = isBoxItself(address);
    if (!ownBox) {
      const shown = isKnown(request);
      const wait = (shown ? known : strangers).take(sourceOf(address));
      if (!shown) asStrangers.add(request);
      if (wait > 0) return refused('busy', 'too many requests', wait);
    }
    if (target.startsWith(HEALTH) && /^[?#]?$/.test(target.charAt(HEALTH.length))) return null;
    const secure = isSecure(request);
    // What a proxy has been asked by HTTPS would come back to it, and be sent on again, for ever.
    const port = secure || ownBox || isBehindHttps(headers) ? null : redirectPort();
    if (port !== null) {
      const name = withoutPort(authority ?? asked[0] ?? hostOf(socket.localAddress ?? ''));
      const slash = target.startsWith('/') ? '' : '/';
      return { location: `https://${name}${port === 443 ? '' : `:${port}`}${slash}${target}` };
    }
    const isOpening = method === 'GET' && headers.upgrade === undefined; // and not a WebSocket, which acts
    if (isOpening && isPage(target.replace(/[?#].*/s, ''))) return null;
    return isForeign(headers, secure) ? refused('denied', 'a page of another site has asked for this') : null;
  };
  return Object.assign(guard, { recognised });
}

/** A proxy's form of the target, `http://host/path`, in its two parts. */
function split(url: string): [authority: string | undefined, target: string] {
  if (url.startsWith('/')) return [undefined, url];
  const [begin = '', authority] = /^https?:\/\/([^/?#]*)/i.exec(url) ?? [];
  return [authority, url.slice(begin.length)];
}

/** Node gives the first of them alone. */
function hostsOf(raw: readonly string[]): string[] {
  const values: string[] = [];
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') values.push((raw[index + 1] ?? '').trim());
  }
  return values;
}

function withoutPort(authority: string): string {
  return authority.replace(/:\d*$/, '');
}

function hostOf(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 80));
}
