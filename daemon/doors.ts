/**
 * Doors: the listeners and permits by which people come in, and which change of them would shut out who asks for it. Pure,
 * but for the box's own networks.
 */
import { isIP } from 'node:net';
import * as v from 'valibot';
import { CgiError } from '../cgi/reply.ts';
import { LISTEN_LIST, type ListenAddress } from '../cgi/settings/kinds.ts';
import type { SettingValue } from '../cgi/settings/schema.ts';
import type { Door } from '../cgi/trial/port.ts';
import { isBoxItself, permitter } from '../storage/model/address.ts';
import { createHosts } from './http/hosts.ts';
import { ownNetworks } from './own-networks.ts';
import type { ListenError, Prepared } from './sockets/listeners.ts';
import { hostAndPort } from './sockets/sockets.ts';

/** All that is listened on. */
export interface Listen {
  readonly http: readonly ListenAddress[];
  readonly https: readonly ListenAddress[];
  readonly ami: readonly ListenAddress[];
}

/** What opens and closes listeners while the daemon runs; start.ts hands it over when they are there. */
export interface Doors {
  /** @param ami null: it stays as it is; likewise `web`. @throws {ListenError}; then nothing has changed. */
  prepare(web: Pick<Listen, 'http' | 'https'> | null, ami: Listen['ami'] | null): Promise<Prepared>;
  /** From now on each request is answered on a connection that is new, but for the one under way on an old one. */
  renew(): void;
}

type Now = (name: string) => SettingValue;

/** Settings by which one may shut out oneself. */
export function isDoor(name: string): boolean {
  return /^https?\./.test(name);
}

/** A value of `*.listen` that was found sound. */
export function listenOf(value: SettingValue): readonly ListenAddress[] {
  return v.parse(LISTEN_LIST, value);
}

export function listenText(addresses: readonly ListenAddress[]): string {
  return addresses.map(hostAndPort).join(',');
}

/** What of a change concerns who asks for it. */
export interface Shutting {
  /** Of the names that were given, those that shut him out, or may. */
  readonly names: readonly string[];
  /** Doors by one of which he then comes in, as `Door` names them; null: any. */
  readonly doors: readonly string[] | null;
  /** Where the pages are then; null: where they were. */
  readonly location: string | null;
}

/** @param wanted Names that are changed. @param before Their values now. @param after And then. */
export function shutting(
  wanted: ReadonlySet<string>,
  { before, after }: { readonly before: Now; readonly after: Now },
  door: Door,
  address: string,
): Shutting {
  const own = door.listener;
  const names: string[] = [];
  let next: 'http' | 'https' | null = null;
  const listens = (kind: 'http' | 'https') => listenOf(after(`${kind}.listen`));
  if (wanted.has(`${own}.listen`) && !listens(own).some((each) => hostAndPort(each) === door.listen)) {
    names.push(`${own}.listen`);
    const other = own === 'http' ? 'https' : 'http';
    next = listens(own).length > 0 ? own : other;
  }
  if (shutsOut(after, own, address) && wanted.has(`${own}.permit`)) names.push(`${own}.permit`);
  const isSentOn = own === 'http' && after('http.redirect') === true && listens('https').length > 0;
  if (isSentOn && !isBoxItself(address)) {
    if (wanted.has('http.redirect') && before('http.redirect') !== true) {
      names.push('http.redirect');
      next = 'https';
    }
    if (wanted.has('https.permit') && shutsOut(after, 'https', address)) names.push('https.permit');
  }
  const knows = (now: Now) => createHosts(() => now('http.names') as readonly string[]).knows(door.host);
  if (wanted.has('http.names') && door.host !== '' && knows(before) && !knows(after)) names.push('http.names');
  const doors = next && listens(next).map((each) => `${next} ${hostAndPort(each)}`);
  return { names, doors, location: next && locationOf(next, listens(next), door.host) };
}

/** Whether an address is permitted no more. */
export function shutsOut(now: Now, listener: 'http' | 'https', address: string): boolean {
  if (isBoxItself(address)) return false;
  return !permitter(now(`${listener}.permit`) as readonly string[], { ownNetworks })(address);
}

/** Where the pages are by the first of these addresses. @param host The Host header by which they were asked for until now. */
function locationOf(kind: 'http' | 'https', [first]: readonly ListenAddress[], host: string): string | null {
  if (!first || first.port === 0) return null;
  const asked = host.replace(/:\d*$/, '');
  const isAny = first.host === '::' || first.host === '0.0.0.0';
  // Who has asked by an address that it isn't is told the one that it is; a name is taken to mean either.
  const name = isAny || isIP(asked.replace(/^\[|\]$/g, '')) === 0 ? asked : bracketed(first.host);
  const url = `${kind}://${name === '' ? bracketed(first.host) : name}:${first.port}/`;
  return URL.canParse(url) ? new URL(url).href : null;
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** What who asked for an address hears of why it can't be had. */
export function portFault({ kind, address, code, message, given }: ListenError): CgiError {
  const name = `${kind}.listen`;
  const at = hostAndPort(address);
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return new CgiError('invalid', `${name}: ${address.host} is no address of this box`, name);
  const orGiven = given === '' ? '' : `, or what the service manager has opened (${given})`;
  const why =
    {
      EADDRINUSE: 'is taken by another program',
      EACCES: `may be opened by root alone, as ports under 1024 are: choose one from 1024 on${orGiven}`,
    }[code] ?? `can not be opened (${code || message})`;
  return new CgiError('conflict', `${name}: ${at} ${why}`, name);
}
