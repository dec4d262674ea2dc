/** CIDR of the networks that the box is in. They change with its cables, not with each connection that asks. */
import { networkInterfaces } from 'node:os';

/** Milliseconds between two looks: a look takes as long as refusing ten connections. */
const LOOK_MS = 5_000;

let networks: readonly string[] = [];
let until = 0;

export function ownNetworks(): readonly string[] {
  const now = performance.now();
  if (now >= until) {
    until = now + LOOK_MS;
    networks = Object.values(networkInterfaces()).flatMap((each) => (each ?? []).flatMap(({ cidr }) => cidr ?? []));
  }
  return networks;
}
