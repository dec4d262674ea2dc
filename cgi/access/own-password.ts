/** 30006 (ours): somebody changes the own password. The session that asks goes on, the user's others end. */
import * as v from 'valibot';
import { newPasswordDigest, passwordDigest } from '../fields.ts';
import { CgiError, json } from '../reply.ts';
import { by, verb } from '../verb.ts';

export const changeOwnPassword = verb({
  about: 'change one’s own password; other sessions of the user end',
  right: 'password.own',
  parameters: v.strictObject({
    oldpassword: v.pipe(passwordDigest, v.description('MD5 of the password until now, 32 hex digits')),
    newpassword: newPasswordDigest,
  }),
  async handle({ oldpassword, newpassword }, { accounts, keys }, asking) {
    const { token } = asking;
    if (token === null || keys.find(token)) throw new CgiError('conflict', 'an API key has no password');
    const who = by(asking);
    await accounts.changePassword(who.who, { old: oldpassword, fresh: newpassword }, who, token);
    return json({ result: 'success', user: who.who });
  },
});
