/** 30006 (ours): somebody changes the own password. The session that asks goes on, the user's others end. */
import * as v from 'valibot';
import { newPasswordDigest, passwordDigest } from '../fields.ts';
import { json } from '../reply.ts';
import { verb } from '../verb.ts';
import { ownAccount } from './own-account.ts';

export const changeOwnPassword = verb({
  about: 'change one’s own password; other sessions of the user end',
  right: 'password.own',
  parameters: v.strictObject({
    oldpassword: v.pipe(passwordDigest, v.description('MD5 of the password until now, 32 hex digits')),
    newpassword: newPasswordDigest,
  }),
  async handle({ oldpassword, newpassword }, { accounts, keys }, asking) {
    const who = ownAccount(keys, asking);
    await accounts.changePassword(who.who, { old: oldpassword, fresh: newpassword }, who, asking.token);
    return json({ result: 'success', user: who.who });
  },
});
