/**
 * Ties a recording to its call: the call whose record names the file; failing that, the one that was answered within
 * two seconds of the moment in the file's name and whose parties agree. The kind is kept, so that a person can see how
 * sure the tie is.
 */
import { splitShown } from './number-pattern.ts';

/** `named`: the record names the file. `near`: time and parties agree. */
export type MatchKind = 'named' | 'near';

/** The name's moment and the record's answer are taken by two programs, each in whole seconds. */
export const NEAR_SECONDS = 2;

export interface Parties {
  readonly src: string;
  readonly dst: string;
}

export interface Candidate extends Parties {
  readonly id: number;
  /** Epoch seconds of the answer. */
  readonly answer: number;
}

/**
 * Picks the one call that a recording belongs to by time and parties; null when none or more than one agrees equally.
 * @param answer The name's epoch, seconds.
 */
export function nearestCall(answer: number, parties: Parties, candidates: readonly Candidate[]): number | null {
  const agreeing = candidates
    .filter((call) => Math.abs(call.answer - answer) <= NEAR_SECONDS && partiesAgree(parties, call))
    .sort((a, b) => Math.abs(a.answer - answer) - Math.abs(b.answer - answer));
  const [best, next] = agreeing;
  if (!best) return null;
  const tied = next !== undefined && Math.abs(next.answer - answer) === Math.abs(best.answer - answer);
  return tied ? null : best.id;
}

/**
 * The callers are equal, and so are the shown destinations, or one shows less: `620(202)` agrees with `202` and with `620`,
 * and not with `620(204)`.
 */
export function partiesAgree(a: Parties, b: Parties): boolean {
  if (a.src === '' || a.src !== b.src) return false;
  const [one, other] = [splitShown(a.dst), splitShown(b.dst)];
  if (one.length === other.length) return a.dst !== '' && a.dst === b.dst;
  return one.some((part) => part !== '' && other.some((each) => each === part));
}
