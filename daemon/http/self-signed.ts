/**
 * The certificate that a box makes for itself: it keeps strangers from listening, and says by its names which box it is.
 * Nobody vouches for it, so browsers ask once; an owner who has a better one puts it in its place (certificate.ts).
 */
import type { KeyObject } from 'node:crypto';
import { hostname, networkInterfaces } from 'node:os';

/** How those made here are known again: only they are renewed. */
export const OWN_MARK = 'cdrd self-signed';

const DAY_MS = 86_400_000;

/** A clock before it has never been set: a box without a battery wakes up in 1970. */
export const CLOCK_FLOOR = Date.UTC(2026, 0, 1);

/** Days that one lives: Apple's systems take none of over 825. */
const LIFE_DAYS = 730;

/** Addresses named at most: a box has a handful, one with containers many. */
const ADDRESSES_MAX = 32;

export interface Names {
  readonly host: string;
  /** Further names of DNS, by which its owner has it known. */
  readonly listed?: readonly string[];
  readonly addresses: readonly string[];
}

/** What the box is called at this moment. @param listed Names that its owner has given. */
export function boxNames(listed: readonly string[]): Names {
  const addresses = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    // Link-local ones need a zone, which no certificate can hold.
    .filter(({ internal, address }) => !internal && !/^fe80:/i.test(address))
    .map(({ address }) => address);
  return { host: hostname(), listed, addresses: addresses.slice(0, ADDRESSES_MAX) };
}

/**
 * From when until when one made now is good. The visitors' clocks are right even where the box's isn't yet: then it is
 * good for any time, and replaced when the clock has been set.
 */
export function lifeOf(now: number): { readonly from: Date; readonly until: Date } {
  if (now < CLOCK_FLOOR) return { from: new Date(0), until: new Date(Date.UTC(2049, 11, 31)) };
  // A day back: for visitors whose clocks are behind.
  return { from: new Date(now - DAY_MS), until: new Date(now + LIFE_DAYS * DAY_MS) };
}

/** Whether one made here, good from and until then, should give way to a new one. All epoch milliseconds. */
export function isDue({ from, until }: { readonly from: number; readonly until: number }, now: number): boolean {
  if (now < CLOCK_FLOOR) return false; // what the clock says means nothing
  const madeBlindly = from < Date.UTC(2000, 0, 1);
  return madeBlindly || now < from || until - now < RENEW_DAYS * DAY_MS;
}

/** Days before its end when one is renewed, or its owner is told. */
export const RENEW_DAYS = 30;

/** @param key A private key that may sign: EC on one of the NIST curves, or RSA. @returns PEM. @throws for another key. */
export async function selfSigned(
  key: KeyObject,
  { host, listed = [], addresses }: Names,
  now: number,
): Promise<string> {
  // 380 KB that a box needs once in two years. Bundled, the package has nothing but its default.
  const { generate } = (await import('selfsigned')).default;
  const { createPublicKey } = await import('node:crypto');
  const { from, until } = lifeOf(now);
  const dns = [...new Set([...hostNames(host), 'localhost', ...listed])];
  const ips = [...new Set(['127.0.0.1', '::1', ...addresses])];
  const { cert } = await generate(
    [
      { name: 'commonName', value: dns[0] ?? 'localhost' },
      { name: 'organizationName', value: OWN_MARK },
    ],
    {
      keyType: keyTypeOf(key),
      algorithm: 'sha256',
      ...curveOf(key),
      notBeforeDate: from,
      notAfterDate: until,
      keyPair: {
        privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
        publicKey: createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString(),
      },
      extensions: [
        { name: 'basicConstraints', cA: false, critical: true },
        { name: 'keyUsage', digitalSignature: true, critical: true },
        { name: 'extKeyUsage', serverAuth: true },
        {
          name: 'subjectAltName',
          altNames: [
            ...dns.map((value) => ({ type: 2 as const, value })),
            ...ips.map((ip) => ({ type: 7 as const, ip })),
          ],
        },
      ],
    },
  );
  return cert;
}

/** `box` and `box.local`, by which it is found without a name server. None where the name is not one of DNS. */
export function hostNames(host: string): string[] {
  if (!/^(?=.{1,63}$)[a-z\d]([a-z\d-]*[a-z\d])?(\.[a-z\d]([a-z\d-]*[a-z\d])?)*$/i.test(host)) return [];
  const [short = host] = host.split('.');
  return [...new Set([host, `${short}.local`])].filter((name) => name !== 'localhost');
}

function keyTypeOf({ asymmetricKeyType }: KeyObject): 'ec' | 'rsa' {
  if (asymmetricKeyType === 'ec' || asymmetricKeyType === 'rsa') return asymmetricKeyType;
  throw new Error(`no certificate can be made for a key of the kind ${asymmetricKeyType}`);
}

function curveOf({ asymmetricKeyDetails }: KeyObject) {
  const curve = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' } as const;
  const name = asymmetricKeyDetails?.namedCurve;
  return name !== undefined && Object.hasOwn(curve, name) ? { curve: curve[name as keyof typeof curve] } : {};
}
