/**
 * Passwords at rest. The guide's clients send the MD5 of the password, which is as good as the password itself; so what
 * rests on disk is a slow salted hash of that digest. Checks are made one at a time (gate.ts): each costs 16 MB and a tenth of a second.
 */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify<string, Buffer, number, { N: number; r: number; p: number }, Buffer>(scrypt);

/** 16 MiB and about 50 ms on a desktop core, 0.4 s on a small ARM: slow for a thief, bearable for a log-in. */
const COST = { N: 16_384, r: 8, p: 1 };
const KEY_BYTES = 32;

const zeros = (bytes: number) => Buffer.alloc(bytes).toString('base64url');

/** What an unknown user's password is compared with: nothing matches it, and it takes as long as a known user's. */
export const NOBODY = ['scrypt', COST.N, COST.r, COST.p, zeros(16), zeros(KEY_BYTES)].join('$');

/** @param digest 32 lower-case hex digits. @returns `scrypt$N$r$p$SALT$KEY`, which tells its own cost. */
export async function hashDigest(digest: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(digest, salt, KEY_BYTES, COST);
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64url'), key.toString('base64url')].join('$');
}

const HASH = /^scrypt\$(\d+)\$(\d+)\$(\d+)\$([\w-]+)\$([\w-]+)$/;

/** Compares in constant time. False too for a hash that isn't one, after the same time. */
export async function digestMatches(digest: string, hash: string): Promise<boolean> {
  const [, N, r, p, salt = '', key = ''] = HASH.exec(hash) ?? HASH.exec(NOBODY) ?? [];
  const expected = Buffer.from(key, 'base64url');
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  const found = await derive(digest, Buffer.from(salt, 'base64url'), expected.length, cost);
  return timingSafeEqual(found, expected);
}
