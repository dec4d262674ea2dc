/**
 * Names by which this box may be asked for. A page of another site can have its own name point here, as if it were that
 * site's server, and a browser would then show it our answers (DNS rebinding). So a name must be one of ours. An address
 * needs no list: a page that asks for an address has not got it from a name server, and its browser keeps it apart from us.
 */
import { readFileSync } from 'node:fs';
import { isIPv4, isIPv6 } from 'node:net';
import { hostname } from 'node:os';
import { hostNames } from './self-signed.ts';

export interface Hosts {
  /** @param authority `box`, `box:8080`, `192.168.1.5`, `[fe80::1]:443`: the Host header, or a target's part like it. */
  knows(authority: string): boolean;
}

/** Milliseconds that a name is known again without being looked for, and such names at a time: a client sends one a request. */
const KNOWN_MS = 2_000;
const KNOWN_MAX = 64;

/** How the box finds names, and others in its house find it: a router calls it `pbx.fritz.box` or `pbx.lan`. */
const RESOLVER = '/etc/resolv.conf';
/** Milliseconds between two looks there: the network may be another one, and strange names must not make work. */
const LOOK_MS = 60_000;

export interface HostOptions {
  /** The box's own name; it may be given another. */
  readonly host?: () => string;
  /** What stands in {@link RESOLVER}. @throws where it isn't there. */
  readonly resolver?: () => string;
}

/** @param names Those that the owner has listed, at this moment. */
export function createHosts(names: () => readonly string[], options: HostOptions = {}): Hosts {
  const { host = hostname, resolver = () => readFileSync(RESOLVER, 'utf8') } = options;
  const known = new Set<string>();
  let until = 0;
  let domains: readonly string[] = [];
  let lookAt = Number.NEGATIVE_INFINITY;

  /** The box's own name in the domains of its network, and no other name there: those are other hosts. */
  function inNetwork(own: string): string[] {
    if (performance.now() >= lookAt) {
      lookAt = performance.now() + LOOK_MS;
      try {
        domains = searchDomains(resolver());
      } catch {
        domains = [];
      }
    }
    const [short = ''] = own.split('.');
    return short === '' ? [] : domains.map((domain) => `${short}.${domain}`);
  }

  function isOurs(authority: string): boolean {
    const [, v6, name = ''] = /^(?:\[([^\]]*)\]|([^:@/?#[\]\s]+))(?::\d{0,5})?$/.exec(authority) ?? [];
    if (v6 !== undefined) return isIPv6(v6);
    const plain = name.toLowerCase().replace(/\.$/, '');
    if (isIPv4(plain) || plain === 'localhost') return true;
    const own = host();
    const isIt = (each: string) => each.toLowerCase() === plain;
    return plain !== '' && ([own, ...hostNames(own), ...names()].some(isIt) || inNetwork(own).some(isIt));
  }

  return {
    knows(authority) {
      const now = performance.now();
      if (now > until || known.size >= KNOWN_MAX) {
        known.clear();
        until = now + KNOWN_MS;
      }
      if (known.has(authority)) return true;
      if (!isOurs(authority)) return false;
      known.add(authority);
      return true;
    },
  };
}

/** resolv.conf(5): `search` and `domain`, the last one of them; the root is none. */
function searchDomains(text: string): string[] {
  const lines = text.split('\n').filter((line) => /^(search|domain)\s/.test(line));
  const [, ...domains] = lines.at(-1)?.trim().split(/\s+/) ?? [];
  return domains.map((domain) => domain.replace(/\.$/, '')).filter((domain) => domain !== '');
}
