/** CIDR of the networks that the box is in at this moment. */
import { networkInterfaces } from 'node:os';

export function ownNetworks(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((each) => (each ?? []).flatMap(({ cidr }) => cidr ?? []));
}
