/** 30009 (ours): removes an account; its sessions end. The last admin stays. */
import * as v from 'valibot';
import { userName } from '../fields.ts';
import { json } from '../reply.ts';
import { by, verb } from '../verb.ts';

export const removeAccount = verb({
  about: 'remove an account; its sessions end',
  right: 'users',
  parameters: v.strictObject({ username: userName }),
  lines: () => 0, // what was made at that pace can always be taken away
  async handle({ username }, { accounts }, asking) {
    await accounts.remove(username, by(asking));
    return json({ result: 'success', user: username });
  },
});
