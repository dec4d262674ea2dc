/**
 * Where a webhook may go. Whoever may change settings on a page is not root: through the box he must not reach what listens
 * on the box alone and trusts all who come from it (Asterisk's AMI and HTTP, a database), nor what lives on the link-local
 * addresses (the metadata of clouds, routers). The house's network is where receivers usually are, so it is allowed.
 * `alarm.local_webhook` in the configuration, which is root's, lifts this.
 */
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

const HERE = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 3], // multicast, reserved, broadcast
] as const)
  HERE.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of [
  ['::', 127], // unspecified and loopback
  ['fe80::', 10],
  ['ff00::', 8],
  ['64:ff9b::', 96], // an IPv4 address inside, for a translator on the way
] as const)
  HERE.addSubnet(network, bits, 'ipv6');

/** Whether it is the box itself, or nothing that is reached by a route. @param own The box's own addresses. */
export function isOutOfBounds(address: string, own: readonly string[] = ownAddresses()): boolean {
  const kind = isIP(address);
  if (kind === 0) return true;
  return isOneOf(own, address) || HERE.check(address, kind === 4 ? 'ipv4' : 'ipv6');
}

/** However it is written: `::ffff:192.168.1.5` is 192.168.1.5. */
function isOneOf(own: readonly string[], address: string): boolean {
  const family = (text: string) => (isIP(text) === 4 ? 'ipv4' : 'ipv6');
  const list = new BlockList();
  for (const each of own) list.addAddress(each, family(each));
  return list.check(address, family(address));
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address));
}

export interface Target {
  readonly address: string;
  readonly family: number;
}

/**
 * The address that a URL's host has now: the connection goes there and nowhere else, whatever its name says a moment later.
 * @param host As `URL.hostname`. @throws {Error} for one that has none or may not be reached, in words for people.
 */
export async function targetOf(host: string, localToo: boolean): Promise<Target> {
  const bare = host.replace(/^\[|\]$/g, '');
  const found = await lookup(bare, { all: true }).catch((error: NodeJS.ErrnoException) => {
    // EAI_AGAIN: whoever knows names was not reached, or said "later".
    const why = error.code === 'EAI_AGAIN' ? 'could not be asked for: is there a DNS server?' : 'has no address';
    throw new Error(`the name ${bare} ${why} (${error.code ?? error.message})`);
  });
  // All or none: of a name with an address here and one outside the resolver would say which is tried.
  const bad = found.find(({ address }) => !localToo && isOutOfBounds(address));
  if (bad)
    throw new Error(
      `${bare} is this box itself or has a link-local address; alarm.local_webhook would have to allow it`,
    );
  const [first] = found;
  if (!first) throw new Error(`the name ${bare} has no address`);
  return first;
}
