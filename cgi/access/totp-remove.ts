/** 30035 (ours): removes a second factor: one's own by password and code, for an admin another's by one's own password. */
import * as v from 'valibot';
import { may } from '../../storage/model/rights.ts';
import { code, passwordDigest, userName } from '../fields.ts';
import { CgiError, json } from '../reply.ts';
import { verb } from '../verb.ts';
import { ownAccount } from './own-account.ts';

export const removeTotp = verb({
  about: 'remove one’s own second factor, by password and code; admin: another’s, by one’s own password',
  right: 'password.own',
  parameters: v.strictObject({
    password: v.pipe(passwordDigest, v.description('MD5 of one’s own password, 32 hex digits')),
    code,
    username: v.optional(userName),
  }),
  async handle({ password, code, username }, { accounts, keys }, asking) {
    const who = ownAccount(keys, asking);
    const of = username ?? who.who;
    if (of !== who.who && !(asking.caller && may(asking.caller.role, 'users')))
      throw new CgiError('denied', `${who.who} may not do this`);
    await accounts.removeFactor(of, { digest: password, code }, who);
    return json({ result: 'success', user: of });
  },
});
