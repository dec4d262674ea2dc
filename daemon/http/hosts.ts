/**
 * Names by which this box may be asked for. A page of another site can have its own name point here, as if it were that
 * site's server, and a browser would then show it our answers (DNS rebinding). So a name must be one of ours. An address
 * needs no list: a page that asks for an address has not got it from a name server, and its browser keeps it apart from us.
 */
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

/** @param names Those that the owner has listed, at this moment. @param host The box's own name; it may be given another. */
export function createHosts(names: () => readonly string[], host: () => string = hostname): Hosts {
  const known = new Set<string>();
  let until = 0;

  function isOurs(authority: string): boolean {
    const [, v6, name = ''] = /^(?:\[([^\]]*)\]|([^:@/?#[\]\s]+))(?::\d{0,5})?$/.exec(authority) ?? [];
    if (v6 !== undefined) return isIPv6(v6);
    const plain = name.toLowerCase().replace(/\.$/, '');
    if (isIPv4(plain) || plain === 'localhost') return true;
    const own = host();
    return plain !== '' && [own, ...hostNames(own), ...names()].some((each) => each.toLowerCase() === plain);
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
