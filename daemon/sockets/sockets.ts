/**
 * How the listening sockets of HTTP, HTTPS and AMI come into being: handed on by the service manager, bound while the process
 * is still root, or bound when the listener is there, as any program may from port 1024 on.
 */
import type { Server } from 'node:net';
import type { Config, ListenAddress } from '../config.ts';
import type { Log } from '../log.ts';
import { assign, type Wanted } from './assign.ts';
import { type Early, listenOn, openEarly } from './early.ts';
import { takeInherited } from './inherited.ts';

export interface Sockets {
  /** Has the server listen at an address of the configuration. @throws what listening throws. */
  listen(server: Server, address: ListenAddress): Promise<void>;
  /** Where a key such as `http.listen` is decided, where the service manager has opened its sockets; null: it hasn't. */
  fixed(key: string): string | null;
  /** Whether a socket that is closed could not be opened again before the next start. */
  isForGood(address: ListenAddress): boolean;
  /** All listeners are there: who comes by a socket that none of them has taken is turned away, and no longer kept waiting. */
  settled(): void;
  close(): void;
}

/** Nothing is there yet: each listener binds its own. */
export const ownSockets: Sockets = {
  listen: bind,
  fixed: () => null,
  isForGood: () => false,
  settled() {},
  close() {},
};

/** Ports that only root may bind, unless the system says otherwise. */
const PRIVILEGED = 1024;

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
    each.close();
    const address = each.at ? hostAndPort(each.at) : 'a local socket';
    log.warn('a socket was handed on that no listen setting asks for; nobody is served there', {
      fd: each.fd,
      name: each.name,
      address,
    });
  }
  /** By address: why it can't be had is told to the listener, which says so at its time. */
  const early = new Map<string, Early | Error>();
  const handedOn = new Map<string, string>();
  const forGood = new Set<string>();
  for (const [{ name, address }, socket] of assigned) {
    early.set(hostAndPort(address), socket);
    handedOn.set(`${name}.listen`, `the service manager's socket ${socket.name || `of descriptor ${socket.fd}`}`);
  }
  for (const want of root ? wanted : []) {
    const { address } = want;
    if (assigned.has(want) || address.port === 0 || address.port >= PRIVILEGED) continue;
    forGood.add(hostAndPort(address));
    early.set(hostAndPort(address), await openEarly((server) => bind(server, address)).catch((error: Error) => error));
  }
  return {
    fixed: (key) => handedOn.get(key) ?? null,
    isForGood: (address) => forGood.has(hostAndPort(address)),
    settled() {
      for (const socket of early.values()) if (!(socket instanceof Error)) socket.park();
    },
    close() {
      for (const socket of early.values()) if (!(socket instanceof Error)) socket.close();
      early.clear();
    },
    async listen(server, address) {
      const socket = early.get(hostAndPort(address));
      early.delete(hostAndPort(address));
      if (!socket) return bind(server, address);
      if (socket instanceof Error) throw socket;
      await socket.handTo(server);
    },
  };
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
