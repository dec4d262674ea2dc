/** 30009 (ours): removes an account; its sessions end. The last admin stays. */
import * as v from 'valibot';
import { userName } from '../fields.ts';
import { json } from '../reply.ts';
import { by, verb } from '../verb.ts';

export const removeAccount = verb({
  about: 'remove an account; its sessions end',
  right: 'users',
  parameters: v.strictObject({ username: userName }),
  async handle({ username }, { accounts }, asking) {
    await accounts.remove(username, by(asking));
    return json({ result: 'success', user: username });
  },
});
