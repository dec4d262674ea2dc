/** 30012 (ours): revokes an API key; the next request with it is refused. */
import * as v from 'valibot';
import { CgiError, json } from '../reply.ts';
import { by, verb } from '../verb.ts';

export const revokeKey = verb({
  about: 'revoke an API key',
  right: 'users',
  parameters: v.strictObject({
    id: v.pipe(
      v.string(),
      v.description('of the key, as the list gives it'),
      v.regex(/^[a-z0-9]{8}$/, 'must be the 8 characters that the list gives'),
    ),
  }),
  lines: () => 0, // what was made at that pace can always be taken away
  async handle({ id }, { keys }, asking) {
    if (!(await keys.revoke(id, by(asking)))) throw new CgiError('not_found', `there is no key ${id}`, 'id');
    return json({ result: 'success', id });
  },
});
