/** 30058 (ours): the links that show calls to whoever holds them, without what opens them. */
import * as v from 'valibot';
import type { ShareList } from '../contract.ts';
import { json } from '../reply.ts';
import { verb } from '../verb.ts';

export const listShares = verb({
  about: 'the links that were given out and show calls',
  right: 'users',
  parameters: v.strictObject({}),
  async handle(_parameters, { store, zone, now }) {
    const shares = await store.ask('shares', now());
    return json<ShareList>({
      json_array_shares: shares.map(({ id, kind, calls, recordings, who, createdAt, endsAt, usedAt }) => ({
        id: String(id),
        kind,
        calls: calls.join(','),
        recordings,
        made_by: who,
        made: zone.text(createdAt),
        expires: zone.text(endsAt),
        used: usedAt === null ? '' : zone.text(usedAt).slice(0, 10),
      })),
    });
  },
});
