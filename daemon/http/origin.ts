/**
 * Whether a page of another site has set a request off. The guide deletes by GET, so a picture's address would do; the
 * cookie's SameSite=Strict keeps most of it away, but another port of the same host is the same site, and old browsers know
 * no sites. A browser says where a request comes from; programs say nothing of the kind, and are never refused. Pure.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { keyId } from '../../cgi/access/keys.ts';

/**
 * By the best that the browser tells (W3C Fetch Metadata, only over HTTPS; Origin, with what isn't a plain GET; Referer).
 * Same-site is foreign too: another port is another program. `none` is what somebody has typed or bookmarked.
 * @param secure Whether it came by HTTPS.
 */
export function isForeign(headers: IncomingHttpHeaders, secure: boolean): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  if (headers.origin !== undefined) return site === undefined && !isOwn(headers.origin, headers, secure);
  if (site !== undefined || headers.referer === undefined) return false;
  // No page of another site can send a token so: it would have to ask before, and is told nothing.
  const authorization = headers.authorization ?? '';
  if (/^Bearer /i.test(authorization) || keyId(authorization) !== null) return false;
  return !isOwn(headers.referer, headers, secure);
}

/** Whether an address is of the very host and port that was asked, over the same protocol. */
function isOwn(address: string, headers: IncomingHttpHeaders, secure: boolean): boolean {
  if (!URL.canParse(address)) return false; // `null`: a sandboxed frame, a file, a redirect from elsewhere
  const { protocol, host } = new URL(address);
  const expected = secure || isBehindHttps(headers) ? 'https:' : 'http:';
  const own = `${expected}//${headers.host ?? ''}`;
  return protocol === expected && URL.canParse(own) && new URL(own).host === host;
}

/** A proxy speaks HTTPS for us: no page can make a browser send these. */
export function isBehindHttps(headers: IncomingHttpHeaders): boolean {
  return headers['x-forwarded-proto'] === 'https' || /(^|[;, ])proto="?https\b/i.test(headers.forwarded ?? '');
}
