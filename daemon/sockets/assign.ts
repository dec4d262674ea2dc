/**
 * Which of the sockets that came with the process serves which address of the configuration. The configuration decides what
 * is offered and how widely: a socket never serves an address that asked for less than it.
 */
import { isIPv4 } from 'node:net';
import type { ListenAddress } from '../config.ts';

/** An address that a key asks for. */
export interface Wanted {
  /** `http`, `https` or `ami`, as its socket may be named (systemd's `FileDescriptorName=`). */
  readonly name: string;
  readonly address: ListenAddress;
}

/** A socket that is there already. */
export interface Offered {
  /** What the service manager calls it; its unit's name where nobody has named it. */
  readonly name: string;
  /** Where it listens; null: not by TCP. */
  readonly at: ListenAddress | null;
}

/**
 * The same address first, then the same port, then the same name, whatever its port: `[::]:80` may well be a socket on 8080
 * that the service manager names `http`, behind a redirection of the packet filter.
 * @returns by wanted address its socket; what isn't in it is wanted by nobody.
 */
export function assign<Socket extends Offered>(
  wanted: readonly Wanted[],
  offered: readonly Socket[],
): ReadonlyMap<Wanted, Socket> {
  const assigned = new Map<Wanted, Socket>();
  const free = new Set(offered);
  const pass = (fits: (want: Wanted, socket: Socket, at: ListenAddress) => boolean) => {
    for (const want of wanted) {
      if (assigned.has(want) || want.address.port === 0) continue; // any free port: none in particular
      const socket = [...free].find((each) => each.at !== null && fits(want, each, each.at));
      if (!socket) continue;
      assigned.set(want, socket);
      free.delete(socket);
    }
  };
  pass(({ address }, _, at) => at.port === address.port && at.host === address.host);
  pass(({ address }, _, at) => at.port === address.port && covers(address.host, at.host));
  pass(({ name, address }, socket, at) => socket.name === name && covers(address.host, at.host));
  return assigned;
}

/** Whether whoever asked for `wide` asked for `host` as well. */
export function covers(wide: string, host: string): boolean {
  return wide === '::' || wide === host || (wide === '0.0.0.0' && isIPv4(host));
}
