/** 30010 (ours): the API keys, without what opens anything. */
import * as v from 'valibot';
import type { KeyList } from '../contract.ts';
import { json } from '../reply.ts';
import { verb } from '../verb.ts';

export const listKeys = verb({
  about: 'the API keys',
  right: 'users',
  parameters: v.strictObject({}),
  handle: (_parameters, { keys, zone }) =>
    json<KeyList>({
      json_array_keys: keys.list().map(({ id, name, role, numbers, scopes, who, createdAt, endsAt, usedAt }) => ({
        id,
        name,
        role,
        numbers: numbers?.join(',') ?? '',
        scopes: scopes.join(','),
        made_by: who,
        made: zone.text(createdAt),
        expires: endsAt === null ? '' : zone.text(endsAt),
        used: usedAt === null ? '' : zone.text(usedAt).slice(0, 10),
      })),
    }),
});
