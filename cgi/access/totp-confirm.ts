/** 30034 (ours): a code shows that the app has the secret of 30033: from now on a log-in needs one. Other sessions end. */
import * as v from 'valibot';
import { requiredCode } from '../fields.ts';
import { json } from '../reply.ts';
import { verb } from '../verb.ts';
import { ownAccount } from './own-account.ts';

export const confirmTotp = verb({
  about: 'confirm the second factor by a code of the app: log-ins need one from now on; other sessions of the user end',
  right: 'password.own',
  parameters: v.strictObject({ code: requiredCode }),
  async handle({ code }, { accounts, keys }, asking) {
    const who = ownAccount(keys, asking);
    await accounts.confirmFactor(who.who, code, who, asking.token);
    return json({ result: 'success', user: who.who });
  },
});
