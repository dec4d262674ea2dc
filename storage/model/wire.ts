/**
 * Local channels: `Local/X;1` and `;2` are two ends of one wire, and a record that names one goes on in the records that
 * name the other. Here such chains are followed to the real channels: who called, and who answered.
 * Asterisk main/core_local.c; guide-resolved, "From Asterisk's records to one row per call".
 */
import type { StoredLeg } from './identity.ts';
import { parseChannel } from './trunk.ts';

/** A channel's name without the marks of a masquerade, under which a record may have kept it: the channel is the same. */
export function plainName(channel: string): string {
  return channel.replace(/^(?:AsyncGoto|Surrogate)\//, '').replace(/<(?:MASQ|ZOMBIE)>$/, '');
}

/** The other end of a Local channel's wire; null for a real channel. */
export function otherHalf(channel: string): string | null {
  const { wire, half } = parseChannel(channel);
  return wire === null ? null : `${wire};${half === 1 ? 2 : 1}`;
}

export function isTalk(leg: StoredLeg): boolean {
  return leg.disposition === 'ANSWERED' && leg.destinationChannel !== '';
}

export interface Caller {
  /** The real channel, or a Local one's name where no record goes on. */
  readonly channel: string;
  /** The record in which it calls. */
  readonly lead: StoredLeg;
}

export interface Wires {
  /** Who called in this record; null when the wire's other end was never answered: then nobody heard. */
  callerOf(leg: StoredLeg): Caller | null;
  /**
   * The channel that this record reached, whether or not it answered; '' for none. Of an answered record, null when only
   * Asterisk answered behind the wire (an IVR, a mailbox): that is no other party.
   */
  reachedBy(leg: StoredLeg): string | null;
  /** Whether the record stands behind a wire that another one dialled: it's a part of that one's step. */
  isInner(leg: StoredLeg): boolean;
}

/** @param ordered The legs of one group, in order of time: where several go on, the first answered one counts. */
export function wiresOf(ordered: readonly StoredLeg[]): Wires {
  const calling = groupBy(ordered, (leg) => plainName(leg.channel));
  const called = groupBy(ordered, (leg) => plainName(leg.destinationChannel));
  const first = (legs: readonly StoredLeg[]) => legs.find(isTalk) ?? legs[0];

  /** @param passed Wires gone through: a ring of them, which no Asterisk makes, must not be followed for ever. */
  function callerOf(leg: StoredLeg, passed: readonly string[] = []): Caller | null {
    const here = { channel: plainName(leg.channel), lead: leg };
    const other = otherHalf(leg.channel);
    if (other === null || passed.includes(other)) return here;
    const outer = first(called.get(other) ?? []);
    if (outer) return isTalk(outer) ? callerOf(outer, [...passed, other]) : null;
    // A call that Asterisk began itself (Originate Local/205): one half rang the caller, the other calls on for him.
    const back = calling.get(other)?.find((each) => isTalk(each) && otherHalf(each.destinationChannel) === null);
    return back ? { channel: plainName(back.destinationChannel), lead: leg } : here;
  }

  function reachedBy(leg: StoredLeg, passed: readonly string[] = []): string | null {
    const here = plainName(leg.destinationChannel);
    const other = otherHalf(here);
    if (other === null || passed.includes(other)) return here;
    const behind = calling.get(other) ?? [];
    const inner = first(behind);
    if (!inner) return here;
    if (leg.disposition === 'ANSWERED' && !isTalk(inner)) return null;
    return reachedBy(inner, [...passed, other]);
  }

  return {
    callerOf: (leg) => callerOf(leg),
    reachedBy: (leg) => reachedBy(leg),
    isInner: (leg) => {
      const other = otherHalf(leg.channel);
      return other !== null && called.has(other);
    },
  };
}

/** The values that share a key, keys and values in the order in which they come. */
export function groupBy<T>(values: readonly T[], keyOf: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return groups;
}
