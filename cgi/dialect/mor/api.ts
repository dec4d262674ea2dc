/**
 * The way into MOR's API: a name, `u`, and a hash that only who knows the box's secret for MOR can have made. Its errors are
 * MOR's own. A wrong hash is told before a wrong name, so that nobody can try out which names there are.
 */
import { CgiError, ERROR_STATUS, type Reply } from '../../reply.ts';
import type { Services } from '../../verb.ts';
import type { DialectRequest } from '../dialect.ts';
import { type Form, formOf } from '../form-of.ts';
import { isHash } from './hash.ts';
import { errorReply, extensionRanges, type OpenPage, usersOf } from './page.ts';
import { askedAbout, type MorUser, whoAsks } from './users.ts';

export interface AskedByHash {
  readonly form: Form;
  /** Whom it is about. */
  readonly user: MorUser;
  readonly services: Services;
}

/** A function of the API. */
export interface HashFunction {
  /** What counts for the hash, in the document's order. */
  readonly hashed: readonly string[];
  /** Which of it names the user that is asked about. */
  readonly user: string;
  /** `u` may be left out: then an admin asks. */
  readonly isNameless?: boolean;
  /** @throws {CgiError}: told as an error of the API's. */
  answer(asked: AskedByHash): Reply | Promise<Reply>;
}

export function byHash({ hashed, user: userId, isNameless = false, answer }: HashFunction): OpenPage {
  return {
    open: true,
    api: true,
    async answer(request, services) {
      if (request.method !== 'POST' && services.settings.value('mor.get') !== true)
        return errorReply('GET is not allowed: use POST', ERROR_STATUS.method);
      if (!services.dialectSecrets.has('mor')) return errorReply('API Requests are disabled');
      const form = await formOf(request, false);
      const name = form.get('u') ?? '';
      if (name === '' && !isNameless) return errorReply('Access Denied');
      if (!isRight(form, hashed, request, services)) return errorReply('Incorrect hash');
      const users = usersOf(services);
      const from = whoAsks(name, users, name === '' || (await isAdmin(name, services)));
      if (!from) return errorReply('Access Denied');
      const user = askedAbout(form.get(userId) ?? '', from, { users, extension: extensionRanges(services) });
      return user ? answer({ form, user, services }) : errorReply('User was not found');
    },
  };
}

/** @throws {CgiError} `busy` at the pace for guesses */
function isRight(
  form: Form,
  hashed: readonly string[],
  { address, recognised }: DialectRequest,
  { dialectSecrets, settings }: Services,
): boolean {
  const values = hashed.map((name) => form.get(name));
  const bare = settings.value('mor.sample_hash') === true;
  try {
    const sent = form.get('hash') ?? '';
    const right = dialectSecrets.check('mor', address, (secret) => isHash(sent, values, { secret, bare }));
    if (right) recognised();
    return right;
  } catch (error) {
    if (!(error instanceof CgiError) || error.code !== 'busy') throw error;
    // The pace is one for both: whoever has sent no password would look for one in vain.
    const message = error.message.replace('passwords', 'hashes or passwords');
    throw new CgiError('busy', message, undefined, error.retryAfter);
  }
}

async function isAdmin(name: string, { accounts }: Services): Promise<boolean> {
  return (await accounts.find(name))?.role === 'admin';
}
