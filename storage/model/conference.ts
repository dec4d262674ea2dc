/**
 * Conferences. Asterisk writes a record for each pair of people in a room, under the channel that was there first, and
 * ends a person's own when another comes in; each has a LinkedID of its own. The report has one row for each channel that
 * took part: it ends with the last record that names the channel, whoever's that is (asterisk main/cdr.c,
 * `handle_bridge_pairings`; guide-resolved).
 */
import type { StoredLeg } from './identity.ts';
import type { Leg } from './leg.ts';
import type { NumberPlan } from './number-plan.ts';
import { byTime } from './order.ts';
import { groupBy, plainName, type Wires } from './wire.ts';

const ROOMS: ReadonlySet<string> = new Set(['ConfBridge', 'MeetMe']);
/** These call somebody: who dials a conference number elsewhere is in no room of ours. */
const CALLING: ReadonlySet<string> = new Set(['Dial', 'Queue']);
/** A pair's record begins when the person's own ends; each is cut to whole seconds, and the two are written apart. */
const SLACK = 2;

/** Whether a record is one of a conference: by its application, or by its number where the application is a later one. */
export function inConference(leg: Leg, plan: NumberPlan): boolean {
  if (leg.disposition !== 'ANSWERED') return false;
  return (
    ROOMS.has(leg.lastApplication) ||
    (plan.kindOf(leg.destination) === 'conference' && !CALLING.has(leg.lastApplication))
  );
}

export interface Participant {
  readonly anchor: StoredLeg;
  readonly lead: StoredLeg;
  readonly caller: string;
  /** His own records, in order of time. */
  readonly legs: readonly StoredLeg[];
  /** Of his own records and of all that name him, the one with the last end. */
  readonly last: StoredLeg;
}

/**
 * @param ordered Conference records of one group, in order of time.
 * @param kin Conference records of other groups; those that name no channel of this one are passed over.
 */
export function participantsOf(ordered: readonly StoredLeg[], kin: readonly StoredLeg[], wires: Wires): Participant[] {
  const named = groupBy([...ordered, ...kin].sort(byTime), (leg) => plainName(leg.destinationChannel));
  return [...groupBy(ordered, (leg) => plainName(leg.channel))].flatMap(([channel, legs]) => {
    const [anchor] = legs;
    if (!anchor) return [];
    const { channel: caller, lead } = wires.callerOf(anchor) ?? { channel, lead: anchor };
    const own = legs.reduce(later);
    // A restarted Asterisk gives the same names again: what names him must go on from what is known of him.
    const last = (named.get(channel) ?? [])
      .filter((leg) => leg.start.epoch >= anchor.start.epoch - SLACK)
      .reduce((end, leg) => (leg.start.epoch <= end.end.epoch + SLACK ? later(end, leg) : end), own);
    return [{ anchor, lead, caller, legs, last }];
  });
}

function later(a: StoredLeg, b: StoredLeg): StoredLeg {
  return b.end.epoch > a.end.epoch ? b : a;
}

/**
 * The channels of a group's participants. Conference records of other groups whose DestinationChannel is one of these are
 * the `kin` that `foldLegs` needs; and when such a record arrives, the groups of the channel that it names are folded again.
 */
export function conferenceChannels(legs: readonly StoredLeg[], plan: NumberPlan): string[] {
  return [...new Set(legs.filter((leg) => inConference(leg, plan)).map((leg) => leg.channel))];
}
