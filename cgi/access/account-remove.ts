/** 30009 (ours): removes an account; its sessions end. The last admin stays. */
import * as v from 'valibot';
import { userName } from '../fields.ts';
import { json } from '../reply.ts';
import { onTrial } from '../trial/confirm.ts';
import { confirmSeconds } from '../trial/confirm-seconds.ts';
import { by, verb } from '../verb.ts';

export const removeAccount = verb({
  about: 'remove an account; its sessions end',
  right: 'users',
  parameters: v.strictObject({ username: userName, confirm: confirmSeconds }),
  lines: () => 0, // what was made at that pace can always be taken away
  async handle({ username, confirm }, { accounts }, asking) {
    const begun = await accounts.remove(username, by(asking), confirm);
    const reply = json({ result: 'success', user: username, ...(begun && { trial: onTrial(begun.trial) }) });
    return begun ? { ...reply, written: begun.start } : reply;
  },
});
