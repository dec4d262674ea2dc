/**
 * Bytes of a form as text: UTF-8, and Latin-1 (ISO 8859-1) where they aren't valid as that, as programs of before UTF-8 send
 * them. Else they would be kept as signs that nobody can read again. Pure.
 */
import { isUtf8 } from 'node:buffer';

/** Text that stands by itself: a field of multipart/form-data. */
export function textOf(bytes: Buffer): string {
  return bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1');
}

/** An urlencoded body. Pair by pair: one that was cut within a sign makes nothing of the others. */
export function formText(body: Buffer): string {
  if (isUtf8(body)) return body.toString('utf8');
  const pairs = body.toString('latin1').split('&');
  return pairs.map((pair) => textOf(Buffer.from(pair, 'latin1'))).join('&');
}
