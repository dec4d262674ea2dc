/**
 * For how long the box has had a medium in place, in hours that it ran: a stick that comes full of another's recordings, or
 * from before this daemon, loses nothing for room before somebody had a day to see the alarm. Counted and not taken from
 * two times: on a box whose clock is set a minute after its start a day goes by in that minute.
 */
import type { StoreClient } from '../../storage/client.ts';

/** Looks, one an hour, after which a medium is no longer new. */
const LOOKS = 24;
/** Where the store keeps them, by the index's name of the medium. */
const NOTE = 'retention.media';

export interface Acquaintance {
  /** @param medium What the index calls it. */
  isNew(medium: number): boolean;
  /** It is in place: to be said once an hour. */
  seen(medium: number): Promise<void>;
}

export async function openAcquaintance(store: Pick<StoreClient, 'ask' | 'write'>): Promise<Acquaintance> {
  const note = (await store.ask('setting', NOTE)) as Readonly<Record<string, number>> | null;
  const looks = new Map(Object.entries(note ?? {}));
  const looksAt = (medium: number) => looks.get(String(medium)) ?? 0;
  return {
    isNew: (medium) => looksAt(medium) < LOOKS,
    async seen(medium) {
      if (looksAt(medium) >= LOOKS) return;
      looks.set(String(medium), looksAt(medium) + 1);
      await store.write({ kind: 'note', name: NOTE, value: Object.fromEntries(looks) });
    },
  };
}
