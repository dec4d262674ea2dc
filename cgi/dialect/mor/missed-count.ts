/** How many calls came in for somebody, weren't answered and haven't been ticked off: the worklist's flag (30040) is MOR's. */
import type { Cursor } from '../../../storage/filter.ts';
import { splitShown } from '../../../storage/model/number-pattern.ts';
import type { MissedStep } from '../../../storage/store.ts';
import type { Services } from '../../verb.ts';
import { extensionsOf, type MorUser } from './users.ts';

/** As far as the worklist looks back (30039). */
export const MISSED_DAYS = 30;
/** Missed calls looked at, at most. */
const CALLS_MAX = 20_000;

export async function countMissed(
  user: MorUser,
  { store, zone, now }: Services,
): Promise<{ readonly today: number; readonly total: number }> {
  const numbers = extensionsOf(user);
  const own = numbers && new Set(numbers);
  const today = zone.text(now()).slice(0, 10);
  const found = { today: 0, total: 0 };
  let looked = 0;
  let after: Cursor | null = null;
  do {
    const step: MissedStep = await store.work('missedStep', { from: now() - MISSED_DAYS * 86_400, after });
    for (const { processed, dst, start } of step.calls) {
      if (processed || (own && !splitShown(dst).some((number) => own.has(number)))) continue;
      found.total += 1;
      if (start.startsWith(today)) found.today += 1;
    }
    looked += step.calls.length;
    after = step.next;
  } while (after && looked < CALLS_MAX);
  return found;
}
