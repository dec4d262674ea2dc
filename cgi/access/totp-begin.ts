/** 30033 (ours): draws the secret of a second factor. The answer is the only place where it ever stands. */
import * as v from 'valibot';
import type { TotpBegun } from '../contract.ts';
import { passwordDigest } from '../fields.ts';
import { json } from '../reply.ts';
import { verb } from '../verb.ts';
import { ownAccount } from './own-account.ts';

export const beginTotp = verb({
  about: 'set up a second factor: a secret for an authenticator app, shown this once; 30034 confirms it',
  right: 'password.own',
  parameters: v.strictObject({
    password: v.pipe(passwordDigest, v.description('MD5 of one’s own password, 32 hex digits')),
  }),
  async handle({ password }, { accounts, keys }, asking) {
    const who = ownAccount(keys, asking);
    return json<TotpBegun>({
      result: 'success',
      user: who.who,
      ...(await accounts.beginFactor(who.who, password, who)),
    });
  },
});
