/**
 * The rest that retention takes behind a store that took another's place: marks made since its backup are lost with the
 * other, and a recording that somebody told it to keep must not go in the night of the recovery.
 */
import type { StoreClient } from '../../storage/client.ts';
import { REPLACED, type Replacement } from '../../storage/replaced.ts';
import { DAY } from './rules.ts';

const REST = 7 * DAY;

/** @returns until when nothing is removed, epoch seconds, asked with what time it is; null: it may be. */
export async function openRest(store: Pick<StoreClient, 'ask'>): Promise<(at: number) => number | null> {
  const replacement = (await store.ask('setting', REPLACED)) as Replacement | null;
  return (at) => {
    if (!replacement) return null;
    // One that was dated by a clock years ahead must not keep retention away for years.
    return Math.abs(at - replacement.at) < REST ? replacement.at + REST : null;
  };
}
