/** 30023 (ours): removes a user of the AMI; its sessions end. */
import * as v from 'valibot';
import { json } from '../reply.ts';
import { by, verb } from '../verb.ts';
import { amiUserName } from './name.ts';

export const removeAmiUser = verb({
  about: 'remove a user of the AMI; its sessions end',
  right: 'users',
  parameters: v.strictObject({ name: amiUserName }),
  lines: () => 0, // what was made at that pace can always be taken away
  async handle({ name }, { amiUsers }, asking) {
    await amiUsers.remove(name, by(asking));
    return json({ result: 'success', name });
  },
});
