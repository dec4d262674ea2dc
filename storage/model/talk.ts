/**
 * Which of a call's records are talks between two parties. A talk has one real caller and one real answerer; all the
 * records between these two make one: both sides of a Local channel, what follows when Asterisk takes the Local channel
 * out, and the talk gone on with after a hold or an attended transfer that came to nothing. Another party is another talk.
 */
import type { StoredLeg } from './identity.ts';
import { byTime } from './order.ts';
import { groupBy, isTalk, otherHalf, plainName, type Wires } from './wire.ts';

export interface Talk {
  /** The record that the row stands on. */
  readonly anchor: StoredLeg;
  /** The caller's own record: it has his number, account and UniqueID. The anchor, unless that is behind a wire. */
  readonly lead: StoredLeg;
  /** The record in which the other party's own channel answered, as far as one is known. */
  readonly person: StoredLeg;
  /** Real channels, or a Local one's name where no record goes on. */
  readonly caller: string;
  readonly answerer: string;
  /** The record with which it ended. */
  readonly last: StoredLeg;
  /** All its records, the anchor among them, in order of time. */
  readonly legs: readonly StoredLeg[];
}

interface Step {
  readonly leg: StoredLeg;
  readonly lead: StoredLeg;
  readonly caller: string;
  readonly answerer: string;
}

/**
 * @param ordered Records of one group in order of time, without those of conferences.
 * @returns in order of their anchors.
 */
export function talksOf(ordered: readonly StoredLeg[], wires: Wires): Talk[] {
  const steps = ordered.flatMap((leg): Step[] => {
    const caller = isTalk(leg) ? wires.callerOf(leg) : null;
    const answerer = caller && wires.reachedBy(leg);
    // Where Asterisk takes a Local channel out, the answerer may meet its own end of it for a moment: nobody else is there.
    return caller && answerer && caller.channel !== answerer
      ? [{ leg, lead: caller.lead, caller: caller.channel, answerer }]
      : [];
  });
  return [...groupBy(steps, ({ caller, answerer }) => [caller, answerer].sort().join('\n')).values()]
    .map(talkOf)
    .sort((a, b) => byTime(a.anchor, b.anchor));
}

/** The record with the real caller goes first; of two halves that Asterisk began itself the first, which calls on. */
function rank({ leg }: Step): number {
  const other = otherHalf(leg.channel);
  return other === null ? 0 : other.endsWith(';2') ? 1 : 2;
}

function talkOf(steps: readonly Step[]): Talk {
  const best = steps.reduce((a, b) => (rank(b) < rank(a) ? b : a));
  const legs = steps.map(({ leg }) => leg);
  const direct = legs.filter((leg) => plainName(leg.destinationChannel) === best.answerer);
  const [person = best.leg] = direct;
  // Not the record of a Local channel: it may go on when this answerer has passed the caller to another.
  const last = direct.reduce((a, b) => (b.end.epoch > a.end.epoch ? b : a), person);
  return { anchor: best.leg, lead: best.lead, person, caller: best.caller, answerer: best.answerer, last, legs };
}
