/** The medium in place, as far as something may be removed from it. */
import type { StoreClient } from '../../storage/client.ts';
import type { MediumState } from '../recordings/medium-state.ts';
import type { Space } from '../recordings/protocol.ts';
import type { Acquaintance } from './acquaintance.ts';

export interface UsedMedium extends Space {
  /** What the index calls it. */
  readonly id: number;
  /** Bytes of its trash. */
  readonly trash: number;
  /** Nothing goes from it for room yet. */
  readonly isNew: boolean;
}

/**
 * null: there is none, or it isn't proven to be well, or it is read-only. A full one takes no file more, and gives up all.
 * @param space Room on it; null: not known.
 */
export async function usedMedium(
  store: Pick<StoreClient, 'work'>,
  { state, why, writable, medium: id }: MediumState,
  space: Space | null,
  acquaintance: Pick<Acquaintance, 'isNew'>,
): Promise<UsedMedium | null> {
  if (state !== 'mounted' || id === undefined || !space) return null;
  if (!writable && why !== 'full') return null;
  const trashed = (await store.work('trashed')).filter((each) => each.medium === id && each.state === 'deleted');
  const trash = trashed.reduce((sum, { bytes }) => sum + bytes, 0);
  return { ...space, id, trash, isNew: acquaintance.isNew(id) };
}
