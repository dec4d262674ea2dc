/**
 * MOR's login: the form, `/callc/login`, and the action, `/api/login?u=…&p=…`, which begins a session of ours under MOR's
 * cookie. An API key does as a password, with the key's name as the user's: then the cookie holds the key, and opens what the
 * key opens. It is the only way for accounts that have a second factor, and the narrow one for everybody.
 */
import { scopesOfPerson } from '../../../storage/model/rights.ts';
import type { Known } from '../../access/session.ts';
import type { NamedCookie, Reply } from '../../reply.ts';
import type { Services } from '../../verb.ts';
import { cookieOf } from '../cookie.ts';
import type { DialectRequest } from '../dialect.ts';
import { digestOf } from '../enter.ts';
import { formOf } from '../form-of.ts';
import { actionReply, LANGUAGE, LANGUAGES, type OpenPage, pageReply } from './page.ts';

const COOKIE = { cookie: '_mor_session' };
/** Seconds that a client keeps a key in its cookie: the key itself ends when it ends. */
const KEY_SECONDS = 86_400;

/** What shows who asks: the session's token or the key; null: nothing does. */
export function tokenOf({ cookie, base }: DialectRequest): string | null {
  return cookie(cookieOf(COOKIE, base));
}

export const loginForm: OpenPage = { open: true, answer: () => loginPage('') };

/** @param error Why somebody is sent here; '' = nobody was. */
export function loginPage(error: string, status = 200): Reply {
  return pageReply('Login page', [LANGUAGE, ['error_msg', error], LANGUAGES], status);
}

/** @param isOpenTo Whether there is a page at all that somebody may see: a program is told at once, and not by each page. */
export const loginFor = (isOpenTo: (caller: Known, services: Services) => boolean): OpenPage => ({
  open: true,
  action: 'login',
  async answer(request, services) {
    const form = await formOf(request, false);
    const begun = await begin(form.get('u') ?? '', form.get('p') ?? '', request, services);
    if (!begun) return actionReply('login', 'failed', 'Unknown user or wrong password');
    const { caller, ...session } = begun;
    if (!isOpenTo(caller, services)) {
      services.sessions.end(session.token); // a key's is none, and stays
      services.notes.refused({
        ...{ who: caller.user, address: request.address },
        ...{ action: 'denied', detail: { dialect: 'mor' } },
      });
      return actionReply('login', 'failed', `${caller.user} may not do this: ${NO_PAGE}`);
    }
    const cookie = { ...session, name: cookieOf(COOKIE, request.base) };
    // The spelling is MOR's.
    return { ...actionReply('login', 'ok', 'Succesfully logged in'), cookie } as Reply;
  },
});

const NO_PAGE =
  'no page is open to it; log in by the role admin, or by a key of that role for the numbers of the pages';

interface Begun extends Omit<NamedCookie, 'name'> {
  readonly caller: Known;
}

/** @throws {CgiError} `busy` at the pace for guesses */
async function begin(
  user: string,
  password: string,
  { address, agent }: DialectRequest,
  { accounts, keys }: Services,
): Promise<Begun | null> {
  if (user === '' || password === '') return null;
  const key = keys.find(password);
  if (key) return key.user === `key:${user}` ? { token: password, maxAge: KEY_SECONDS, caller: key } : null;
  const session = await accounts.logIn(user, digestOf(password), address, { agent });
  if (!session) return null;
  const { token, ends, role } = session;
  const caller = { user: session.user, role, numbers: null, scopes: scopesOfPerson(role) };
  return { token, maxAge: Math.floor((ends - Date.now()) / 1000), caller };
}
