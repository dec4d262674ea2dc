/**
 * Mends a request line as simple clients send it. The guide prints its addresses with raw blanks and parentheses, documents
 * of dialects do, too, and programs send them as printed; Node's parser refuses such a line. Pure: bytes in, bytes out.
 */
import { DIALECTS } from '../../cgi/dialect/table.ts';

/** Only there and under addresses of dialects: whatever else a parser refuses was sent by no client of theirs. */
const MENDED_UNDER = '/cgi/webserve/';
const BEGINNINGS = [`GET ${MENDED_UNDER}`, `POST ${MENDED_UNDER}`];

/**
 * Addresses of dialects, behind any base (BASE in cgi/settings/kinds.ts): whichever is switched on, a mended line says what
 * the one that came has said. No segment of a base can be read in two ways, so that the time stays in proportion.
 */
const OF_DIALECTS = new RegExp(
  `^(?:GET|POST) (?:/[A-Za-z0-9_-]{1,32}){0,3}(?:${DIALECTS.flatMap(({ paths, aliases }) =>
    ['', ...aliases].flatMap((alias) => paths.map((path) => `${alias}${path}`)),
  )
    .map((path) => `${path.replaceAll('.', '\\.')}${path.endsWith('/') ? '' : '(?=[ ?])'}`)
    .join('|')})`,
);

/**
 * What may stand in a request's target by RFC 3986. A `%` stays as it was sent, and `#` too: the parser takes it, and
 * feature codes (`#31#`) come with it.
 */
const PLAIN = new Set(
  Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/?#[]@!$&'()*+,;=%", 'latin1'),
);

/**
 * @param head The connection's bytes from the beginning of a request on. The caller bounds them: the time is in
 * proportion to their number, whatever they are.
 * @returns the same with the request line mended and `Connection: close` behind it; null where there is nothing to mend
 * or the request isn't one of ours; `'incomplete'` while its line hasn't ended and it may still be one.
 */
export function mendRequestLine(head: Buffer): Buffer | 'incomplete' | null {
  const end = head.indexOf('\n');
  const line = head.subarray(0, end < 0 ? head.length : end).toString('latin1'); // a character a byte
  const isOurs = BEGINNINGS.some((begin) => line.startsWith(begin) || (end < 0 && begin.startsWith(line)));
  if (!isOurs && !OF_DIALECTS.test(line)) return null;
  if (end < 0) return 'incomplete';
  const text = line.endsWith('\r') ? line.slice(0, -1) : line;
  const first = text.indexOf(' ');
  const last = text.lastIndexOf(' ');
  const version = text.slice(last + 1);
  if (!/^HTTP\/1\.[01]$/.test(version)) return null;
  const target = withoutBlanksBehind(text.slice(first + 1, last));
  const mended = encodeTarget(target);
  if (mended === target) return null; // the fault is another one
  // One mended request a connection: the next begins with a parser of its own.
  return Buffer.concat([
    Buffer.from(`${text.slice(0, first)} ${mended} ${version}\r\nConnection: close\r\n`, 'latin1'),
    head.subarray(end + 1),
  ]);
}

/** By hand: trimEnd takes more than blanks, and ` +$` takes quadratic time on a long run of them. */
function withoutBlanksBehind(text: string): string {
  let end = text.length;
  while (text[end - 1] === ' ') end--;
  return text.slice(0, end);
}

/** @param target A character a byte. Bytes that aren't UTF-8 are taken for Latin-1 and sent on as UTF-8, as forms are. */
function encodeTarget(target: string): string {
  const bytes = Buffer.from(target, 'latin1');
  const isUtf8 = Buffer.from(bytes.toString('utf8'), 'utf8').equals(bytes);
  const pieces: string[] = [];
  for (const byte of isUtf8 ? bytes : Buffer.from(target, 'utf8'))
    pieces.push(PLAIN.has(byte) ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`);
  return pieces.join('');
}

/**
 * A request that asked for another protocol, as if it hadn't: without its `Upgrade`, and the last on its connection.
 * @param head The connection's bytes from the beginning of the request on, its whole head among them.
 */
export function withoutUpgrade(head: Buffer): Buffer {
  const end = head.indexOf('\r\n\r\n');
  const lines = head.toString('latin1', 0, end).split('\r\n');
  const kept = lines.filter((line, index) => index === 0 || !/^(upgrade|connection|http2-settings)[ \t]*:/i.test(line));
  return Buffer.concat([Buffer.from(`${kept.join('\r\n')}\r\nConnection: close`, 'latin1'), head.subarray(end)]);
}
