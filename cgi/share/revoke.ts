/** 30059 (ours): revokes a shared link; whoever opens it next finds nothing. */
import * as v from 'valibot';
import * as fields from '../fields.ts';
import { CgiError, json } from '../reply.ts';
import { by, verb } from '../verb.ts';

export const revokeShare = verb({
  about: 'revoke a link that shows calls',
  right: 'users',
  parameters: v.strictObject({
    id: fields.required('of the link, as the list gives it', (text) => {
      if (!/^[1-9]\d{0,14}$/.test(text)) throw new fields.Wrong('must be the id that the list gives');
      return Number(text);
    }),
  }),
  lines: () => 0, // what was made at that pace can always be taken away
  async handle({ id }, { store, revokedShares, now }, asking) {
    const audit = { ...by(asking), action: 'share.revoked', detail: { id } };
    // At once, whatever the disk does; listed it stays until then, because the next start would take it again.
    if ((await store.ask('shares', now())).some((share) => share.id === id)) revokedShares.add(id);
    const { removed } = await store.write({ kind: 'shareGone', id, audit });
    revokedShares.delete(id);
    if (removed === 0) throw new CgiError('not_found', `there is no link ${id}`, 'id');
    return json({ result: 'success', id: String(id) });
  },
});
