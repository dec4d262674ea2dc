/** 30024 (ours): the media that recordings lie on, the one in place among them, and the places to choose from. */
import * as v from 'valibot';
import type { MediaUsage } from '../../storage/store.ts';
import type { MediaRows } from '../contract.ts';
import { json } from '../reply.ts';
import { type Services, verb } from '../verb.ts';

type Usage = Omit<MediaUsage['media'][number], 'id'>;
const NONE: Usage = { recordings: 0, bytes: 0 };

export const listMedia = verb({
  about: 'the media that recordings lie on, which of them is in place, its state, and the places to choose from',
  right: 'recording.read',
  parameters: v.strictObject({}),
  async handle(_, { store, medium, places, zone }) {
    const usage = await usageOf(store);
    const { state, why, writable, since, medium: present } = medium.state();
    const space = medium.space();
    const room = { free: space?.free ?? null, total: space?.total ?? null };
    const known = await store.ask('knownMedia');
    return json<MediaRows>({
      medium: { state, why, writable, since: zone.text(Math.floor(since / 1000)), id: present ?? null, ...room },
      json_array_media: known.map(({ id, mark, firstAt, seenAt }) => ({
        id,
        present: id === present,
        state: id === present ? state : 'absent',
        first: zone.text(firstAt),
        last: zone.text(seenAt),
        ...(usage.get(id) ?? NONE),
        ...(id === present ? room : { free: null, total: null }),
        mark,
      })),
      json_array_places: await places.list(),
    });
  },
});

/** Recordings and their bytes on each medium, by its id. */
export async function usageOf(store: Services['store']): Promise<ReadonlyMap<number, Usage>> {
  const sums = new Map<number, Usage>();
  for (let after: number | null = 0; after !== null; ) {
    const { media, next }: MediaUsage = await store.work('mediaUsage', after);
    for (const { id, recordings, bytes } of media) {
      const sum = sums.get(id) ?? NONE;
      sums.set(id, { recordings: sum.recordings + recordings, bytes: sum.bytes + bytes });
    }
    after = next;
  }
  return sums;
}
