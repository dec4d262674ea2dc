/** 30008 (ours): makes an account, or changes the role or the password of one; its sessions end. */
import * as v from 'valibot';
import { newPasswordDigest, role, userName } from '../fields.ts';
import { CgiError, json } from '../reply.ts';
import { onTrial } from '../trial/confirm.ts';
import { confirmSeconds } from '../trial/confirm-seconds.ts';
import { by, verb } from '../verb.ts';

export const setAccount = verb({
  about: 'make an account, or change its role or password; its sessions end',
  right: 'users',
  parameters: v.strictObject({
    username: userName,
    role,
    password: v.optional(newPasswordDigest),
    confirm: confirmSeconds,
  }),
  lines: () => 2, // with its removal, which costs none
  async handle({ username, role, password, confirm }, { accounts }, asking) {
    if (role === undefined && password === undefined)
      throw new CgiError('invalid', 'role is missing, or Password', 'role');
    const begun = await accounts.set({ user: username, role, digest: password }, by(asking), confirm);
    const reply = json({ result: 'success', user: username, ...(begun && { trial: onTrial(begun.trial) }) });
    return begun ? { ...reply, written: begun.start } : reply;
  },
});
