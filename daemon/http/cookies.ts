/** Cookies of a request, and what in a request shows who asks. */
import type { IncomingMessage } from 'node:http';
import { keyId } from '../../cgi/access/keys.ts';
import { DIALECTS } from '../../cgi/dialect/table.ts';
import { sessionCookie } from './write-reply.ts';

/** Its value, undecoded; null: there is none of this name. */
export function cookieIn({ headers }: IncomingMessage, wanted: string): string | null {
  for (const [name, value] of cookiesIn(headers.cookie ?? '')) if (name === wanted) return value;
  return null;
}

function cookiesIn(header: string): (readonly [name: string, value: string])[] {
  return header.split(';').map((pair) => {
    const [name = '', ...value] = pair.trim().split('=');
    return [name, value.join('=')];
  });
}

/** `Authorization: Bearer …` before the cookie: a program that sends both means the header. */
export function tokenOf(request: IncomingMessage): string | null {
  const { headers } = request;
  const bearer = /^Bearer +([A-Za-z0-9._~+/=-]{1,200})$/i.exec(headers.authorization ?? '')?.[1];
  if (bearer) return bearer;
  return cookieIn(request, sessionCookie(request));
}

const DIALECT_COOKIES = DIALECTS.map(({ cookie }) => cookie).filter((cookie) => cookie !== '');

/**
 * The same, and how dialects carry it: a bare key, a session under a name of theirs. It says how much somebody may ask, and
 * opens nothing by itself.
 */
export function anyTokenOf(request: IncomingMessage): string | null {
  const own = tokenOf(request);
  if (own !== null) return own;
  const bare = (request.headers.authorization ?? '').trim();
  if (keyId(bare) !== null) return bare;
  const isOfDialect = (name: string) =>
    DIALECT_COOKIES.some((cookie) => name === cookie || name.startsWith(`${cookie}-`));
  return cookiesIn(request.headers.cookie ?? '').find(([name]) => isOfDialect(name))?.[1] ?? null;
}
