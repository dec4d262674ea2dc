/**
 * `sql.php?module=bypass_login`: name and password against a session of ours, whose token is the `SID`. It is the one that
 * the pages have, listed and ended as such.
 */
import { CgiError, type Reply } from '../../reply.ts';
import type { Services } from '../../verb.ts';
import { cookieOf } from '../cookie.ts';
import type { DialectRequest } from '../dialect.ts';
import { digestOf } from '../enter.ts';
import type { Sent } from './request.ts';

/** Name of the cookie that holds the session, without what a base adds to it; as in table.ts. */
export const COOKIE = { cookie: 'PHPSESSID' } as const;

/** The sniffer's version in the documents' sample: clients may look whether it is recent enough. */
const VERSION = 240_034;

/** @throws {CgiError} `login`, `busy` */
export async function logIn(request: DialectRequest, { accounts, keys }: Services, sent: Sent): Promise<Reply> {
  const { address, agent, base } = request;
  const [user, password] = [sent.text('user'), sent.text('pass')];
  const name = cookieOf(COOKIE, base);
  if (keys.find(password))
    throw new CgiError(
      'login',
      `an API key begins no session: send it as the cookie ${name}, or as the password of api.php`,
    );
  const session = await accounts.logIn(user, digestOf(password), address, { agent });
  if (!session) throw new CgiError('login', 'unknown user or wrong password');
  const body = { SID: session.token, cookie_name: name, success: true, _vm_version: VERSION, _debug: false };
  return {
    kind: 'text',
    status: 200,
    type: 'application/json; charset=utf-8',
    text: JSON.stringify(body),
    cookie: { name, token: session.token, maxAge: Math.floor((session.ends - Date.now()) / 1000) },
  };
}
