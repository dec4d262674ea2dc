/**
 * Addresses of clients and the ranges they are permitted from: one reading and one comparison for all listeners and AMI
 * users. Pure. An IPv4 address that a socket for both kinds shows as IPv6 (`::ffff:192.168.1.5`) is that IPv4 address, in
 * clients and in ranges alike; apart from that a range of one kind never holds an address of the other.
 */

/** 4 or 16 bytes. */
type Bytes = readonly number[];

interface Range {
  readonly bytes: Bytes;
  /** Bits of it that count. */
  readonly bits: number;
}

const MAPPED: Bytes = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255];

/** `192.168.1.5`, `fe80::1%eth0`, `::ffff:192.168.1.5`. null: none of these. */
function bytesOf(text: string): Bytes | null {
  if (!text.includes(':')) return quad(text);
  const plain = text.replace(/%[^%]+$/, ''); // the zone says by which cable, not who
  const halves = plain.split('::');
  if (halves.length > 2) return null;
  const [before, after] = halves.map((half, index) => groups(half, index === halves.length - 1));
  if (!before || after === null) return null;
  const missing = 16 - before.length - (after?.length ?? 0);
  if (after === undefined ? missing !== 0 : missing < 2) return null;
  return [...before, ...Array<number>(missing).fill(0), ...(after ?? [])];
}

/** Four numbers without leading zeros: some take `010` for eight. */
function quad(text: string): Bytes | null {
  const parts = text.split('.');
  const fits = parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
  return fits ? parts.map(Number) : null;
}

/** Groups of four hex digits; where they end the address, the last two perhaps as an IPv4 address. */
function groups(text: string, atEnd: boolean): Bytes | null {
  if (text === '') return [];
  const parts = text.split(':');
  const bytes: number[] = [];
  for (const [index, part] of parts.entries()) {
    const last = atEnd && index === parts.length - 1 && part.includes('.') ? quad(part) : null;
    if (last) bytes.push(...last);
    else if (/^[\da-f]{1,4}$/i.test(part)) bytes.push(Number.parseInt(part, 16) >> 8, Number.parseInt(part, 16) & 255);
    else return null;
  }
  return bytes.length <= 16 ? bytes : null;
}

/** An address as the range that holds it alone, IPv4 where it is mapped IPv4. */
function rangeOf(bytes: Bytes, bits = bytes.length * 8): Range {
  const mapped = bytes.length === 16 && bits >= 96 && MAPPED.every((byte, index) => bytes[index] === byte);
  return mapped ? { bytes: bytes.slice(12), bits: bits - 96 } : { bytes, bits };
}

/** `192.168.1.0/24`, `fd00::/8`, or one address. null: neither. Bits behind the border are passed over. */
function parseRange(text: string): Range | null {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const bytes = address.includes('%') ? null : bytesOf(address);
  if (!bytes || Number(bits ?? 0) > bytes.length * 8) return null;
  return rangeOf(bytes, bits === undefined ? undefined : Number(bits));
}

function holds({ bytes, bits }: Range, address: Bytes): boolean {
  if (bytes.length !== address.length) return false;
  for (let index = 0, left = bits; left > 0; index++, left -= 8) {
    const mask = left >= 8 ? 255 : 255 & (0xff00 >> left);
    if (((bytes[index] ?? 0) & mask) !== ((address[index] ?? 0) & mask)) return false;
  }
  return true;
}

/** Reads ranges that are known to be sound, and leaves the others out. */
function rangesOf(texts: readonly string[]): readonly Range[] {
  return texts.flatMap((text) => parseRange(text) ?? []);
}

/** What needs no wire: a program on the box. */
const LOOPBACK = rangesOf(['127.0.0.0/8', '::1']);
/** Never routed from outside: loopback, RFC 1918, link-local (RFC 3927, 4291), unique local (RFC 4193). */
const LOCAL = rangesOf([
  ...['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16'],
  ...['::1', 'fe80::/10', 'fc00::/7'],
]);
/** Networks of our own wider than this are no cable of the house: a tunnel's, or a slip. */
const OWN_BITS_MIN = 48;

/** A range, or a word: `local`, `all`. Case doesn't count. */
export function isPermit(text: string): boolean {
  return /^(local|all)$/i.test(text) || parseRange(text) !== null;
}

export interface PermitOptions {
  /** CIDR of each network that the box itself is in; asked at every look, for addresses come and go. */
  ownNetworks(): readonly string[];
}

/**
 * Whether a client may come from where it is. `local` is what is never routed from outside, and the IPv6 networks that the
 * box itself is in: every device of the house has a public address there. A public IPv4 network of its own isn't local: its
 * neighbours are strangers.
 * @param permits As {@link isPermit} takes them; none permits nobody.
 */
export function permitter(permits: readonly string[], { ownNetworks }: PermitOptions): (address: string) => boolean {
  const words = new Set(permits.map((text) => text.toLowerCase()));
  const ranges = rangesOf(permits);
  return (text) => {
    const bytes = bytesOf(text);
    if (!bytes) return false;
    const address = rangeOf(bytes).bytes;
    const within = (all: readonly Range[]) => all.some((range) => holds(range, address));
    if (words.has('all') || within(ranges)) return true;
    if (!words.has('local')) return false;
    return within(LOCAL) || (address.length === 16 && within(ownOnes(ownNetworks())));
  };
}

function ownOnes(networks: readonly string[]): readonly Range[] {
  return rangesOf(networks).filter(({ bytes, bits }) => bytes.length === 16 && bits >= OWN_BITS_MIN);
}

/** Whether it is a program on the box that comes by its own address. */
export function isLoopback(text: string): boolean {
  const bytes = bytesOf(text);
  if (!bytes) return false;
  const address = rangeOf(bytes).bytes;
  return LOOPBACK.some((range) => holds(range, address));
}

/**
 * The box itself: the two addresses that a program on it has, or a proxy. The rest of 127/8 has nobody who doesn't take it
 * on purpose, and counts as somebody else.
 */
export function isBoxItself(text: string): boolean {
  return /^(::ffff:)?127\.0\.0\.1$|^::1$/i.test(text);
}

/** An address as people write it: a socket of both families tells an IPv4 one as `::ffff:192.0.2.1`. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

/** An IPv4 address as it is; of an IPv6 address its /64, within which one client may have any. */
export function networkOf(address: string): string {
  const plain = plainAddress(address).toLowerCase();
  if (!plain.includes(':')) return plain;
  const [head = '', tail] = plain.replace(/%.*$/, '').split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const all = [...before, ...Array<string>(zeros).fill('0'), ...after];
  return `${all
    .slice(0, 4)
    .map((part) => part.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
