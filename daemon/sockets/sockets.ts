/**
 * How the listening sockets of HTTP, HTTPS and AMI come into being: handed on by the service manager, bound while the process
 * is still root, or bound when the listener is there, as any program may from port 1024 on.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { isIPv6, type Server } from 'node:net';
import type { Config, ListenAddress } from '../config.ts';
import type { Log } from '../log.ts';
import { assign, type Wanted } from './assign.ts';
import { type Early, listenOn, openEarly } from './early.ts';
import { takeInherited } from './inherited.ts';

export interface Sockets {
  /** Has the server listen at an address of the configuration. @throws what listening throws. */
  listen(server: Server, address: ListenAddress): Promise<void>;
  /** Whether a socket that is closed could not be opened again before the next start. */
  isForGood(address: ListenAddress): boolean;
  /** Addresses that came with the process, in words for whoever asks for others under 1024; '' = none did. */
  readonly given: string;
  /** All listeners are there: who comes by a socket that none of them has taken is turned away, and no longer kept waiting. */
  settled(): void;
  close(): void;
}

/** Nothing is there yet: each listener binds its own. */
export const ownSockets: Sockets = {
  listen: bind,
  isForGood: () => false,
  given: '',
  settled() {},
  close() {},
};

/** Ports below it only root may bind, unless the system says otherwise. */
export const PRIVILEGED = 1024;

/**
 * Takes what was handed on, and what only root may bind.
 * @param root Whether the process is root now and won't be when the listeners are there.
 */
export async function takeSockets({
  config,
  env,
  log,
  root,
}: {
  readonly config: Pick<Config, 'http' | 'https' | 'ami'>;
  readonly env: NodeJS.ProcessEnv;
  readonly log: Log;
  readonly root: boolean;
}): Promise<Sockets> {
  const inherited = await takeInherited(env, (fd, name, error) =>
    log.warn('what was handed on is no socket that listens', { fd, name, error }),
  );
  const wanted = (['http', 'https', 'ami'] as const).flatMap((name) =>
    config[name].listen.map((address): Wanted => ({ name, address })),
  );
  const assigned = assign(wanted, inherited);
  for (const each of inherited) {
    if ([...assigned.values()].includes(each)) continue;
    // Not closed: the service manager has it open all the same, and who comes would wait for ever.
    each.park();
    const address = each.at ? hostAndPort(each.at) : 'a local socket';
    log.warn('a socket was handed on that no listen setting asks for; nobody is served there', {
      fd: each.fd,
      name: each.name,
      address,
    });
  }
  /** By address: why it can't be had is told to the listener, which says so at its time. */
  const early = new Map<string, Early | Error>();
  const forGood = new Set<string>();
  for (const [{ address }, socket] of assigned) {
    early.set(hostAndPort(address), socket);
    forGood.add(hostAndPort(address));
  }
  for (const want of root ? wanted : []) {
    const { address } = want;
    if (assigned.has(want) || address.port === 0 || address.port >= PRIVILEGED) continue;
    forGood.add(hostAndPort(address));
    early.set(
      hostAndPort(address),
      await openEarly((server) => bindAhead(server, address)).catch((error: Error) => error),
    );
  }
  const unused = new Set(inherited.filter((each) => ![...assigned.values()].includes(each)));
  /** One that no key asked for at the start, and that a page asks for now. */
  function spare(address: ListenAddress): Early | undefined {
    const [socket] = assign(
      [{ name: '', address }],
      [...unused].map((each) => ({ ...each, name: '-' })),
    ).values();
    if (!socket) return undefined;
    forGood.add(hostAndPort(address));
    for (const each of unused) if (each.fd === socket.fd) unused.delete(each);
    return socket;
  }
  return {
    given: inherited.flatMap(({ at }) => (at ? hostAndPort(at) : [])).join(' and '),
    isForGood: (address) => forGood.has(hostAndPort(address)),
    settled() {
      for (const socket of early.values()) if (!(socket instanceof Error)) socket.park();
    },
    close() {
      for (const socket of [...early.values(), ...unused]) if (!(socket instanceof Error)) socket.close();
      early.clear();
      unused.clear();
    },
    async listen(server, address) {
      const socket = early.get(hostAndPort(address)) ?? spare(address);
      early.delete(hostAndPort(address));
      if (!socket) return bind(server, address);
      if (socket instanceof Error) throw socket;
      await socket.handTo(server);
    },
  };
}

/**
 * As root, for later: an address that isn't there yet can't be bound when it comes, because nobody is root then. So the
 * kernel is told for that moment to let any address be bound (ip(7), ip_nonlocal_bind).
 */
async function bindAhead(server: Server, address: ListenAddress): Promise<void> {
  await bind(server, address).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRNOTAVAIL') throw error;
    const file = `/proc/sys/net/${isIPv6(address.host) ? 'ipv6' : 'ipv4'}/ip_nonlocal_bind`;
    let before: string;
    try {
      before = readFileSync(file, 'utf8');
      writeFileSync(file, '1\n');
    } catch {
      throw error; // a container's is read-only: the address is waited for like any other
    }
    try {
      await bind(server, address);
    } finally {
      writeFileSync(file, before);
    }
  });
}

/** A kernel without IPv6 knows no `[::]`: there every IPv4 address is what was meant. */
async function bind(server: Server, { host, port }: ListenAddress): Promise<void> {
  const at = (each: string) => listenOn(server, () => server.listen({ host: each, port }));
  await at(host).catch((error: NodeJS.ErrnoException) => {
    if (host !== '::' || error.code !== 'EAFNOSUPPORT') throw error;
    return at('0.0.0.0');
  });
}

export function hostAndPort({ host, port }: ListenAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
