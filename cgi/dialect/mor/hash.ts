/**
 * The hash that a request of MOR's API carries: SHA1 of the values that count, those that were given, in the order of the
 * document, followed by the secret. Who knows the secret may ask; who has seen a request may ask the same again, and
 * without a period what else is told of that user.
 */
import { createHash, timingSafeEqual } from 'node:crypto';

/** @param values In the document's order; undefined: not given. @returns 40 hex digits. */
export function morHash(values: readonly (string | undefined)[], secret: string): string {
  return createHash('sha1')
    .update(values.map((value) => value ?? '').join('') + secret)
    .digest('hex');
}

/**
 * Whether a hash is that of these values; compared in constant time.
 * @param sent As it came. @param bare Whether that of the secret alone is taken too, as in the document's own example.
 */
export function isHash(
  sent: string,
  values: readonly (string | undefined)[],
  { secret, bare }: { readonly secret: string; readonly bare: boolean },
): boolean {
  const own = isSame(sent, morHash(values, secret));
  const alone = isSame(sent, morHash([], secret));
  return own || (bare && alone);
}

function isSame(sent: string, hash: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(sent.toLowerCase()), digest(hash));
}
