/** The list of missed calls as its rule says it, over all calls at once: what the store's steps are held against. */
import type { CallRow } from '../../storage/model/call.ts';
import {
  gatherMissed,
  isMissed,
  isTalk,
  type MissedCaller,
  type MissedTry,
  outsideNumber,
  sameNumber,
} from '../../storage/model/missed.ts';
import type { NumberPlan } from '../../storage/model/number-plan.ts';

export type TableCall = Pick<CallRow, 'callType' | 'src' | 'dst' | 'srcTrunk' | 'disposition'> & {
  readonly at: number;
  readonly processed: boolean;
};

/** @param calls In any order. @returns newest first. */
export function waitingOf(
  calls: readonly TableCall[],
  plan: NumberPlan,
): readonly MissedCaller<MissedTry & TableCall>[] {
  const talks = calls.filter((call) => isTalk(call, plan));
  const gathered = gatherMissed<MissedTry & TableCall>();
  for (const call of [...calls].sort((a, b) => b.at - a.at)) {
    if (!isMissed(call)) continue;
    const returned = talks.some((talk) => talk.at >= call.at && sameNumber(outsideNumber(talk), call.src));
    gathered.add({ ...call, returned });
  }
  return gathered.waiting();
}
