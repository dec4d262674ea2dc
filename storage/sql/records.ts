/**
 * Records on their way in: each becomes a leg exactly once, whichever source brings it and however often, and the calls of
 * all groups it touches are folded anew, once a transaction.
 */
import { type FoldRules, foldLegs } from '../model/fold.ts';
import { groupKey, groupOf, matchLeg } from '../model/identity.ts';
import { LEG_SOURCE, type Leg, type LegSource } from '../model/leg.ts';
import { applyFold, moveCall } from './call.ts';
import type { Database } from './database.ts';
import { insertLeg, legsOfGroup, legsOfKey, legsOfUniqueId, moveLeg, updateLeg } from './leg.ts';
import { announce } from './outbox.ts';

/** A call whose records may still be coming. */
export interface OpenGroup {
  readonly key: string;
  /** End of its last leg so far, epoch seconds. */
  readonly end: number;
}

/** What putting a record in did. */
export interface PutRecord {
  /** Its EventSequence; null: it was there already. */
  readonly sequence: number | null;
  /** Groups to fold anew. */
  readonly touched: readonly string[];
}

/** @param now Epoch seconds. */
export function putRecord(database: Database, leg: Leg, source: LegSource, now: number): PutRecord {
  const match = matchLeg(legsOfUniqueId(database, leg.uniqueId), leg, source);
  if (match.kind === 'duplicate') return { sequence: null, touched: [] };
  if (match.kind === 'merge') {
    updateLeg(database, match);
    return { sequence: null, touched: regroup(database, match.id, match.leg.group, match.leg) };
  }
  const group = groupOf(legsOfKey(database, groupKey(leg)), leg);
  const id = insertLeg(database, group, LEG_SOURCE[source], leg);
  return { sequence: announce(database, 'cdr', id, now), touched: [group] };
}

/** The other source may have brought the LinkedID: then the leg belongs to another call than its UniqueID said. */
function regroup(database: Database, id: number, from: string, leg: Leg): string[] {
  const key = groupKey(leg);
  if (from === key || from.startsWith(`${key}#`)) return [from];
  const others = legsOfKey(database, key).filter((other) => other.id !== id);
  const to = groupOf(others, leg);
  moveLeg(database, id, to);
  moveCall(database, id, to);
  return [from, to];
}

/** Folds groups anew. @returns those still open, and the EventSequences of the calls announced. */
export function foldGroups(database: Database, groups: Iterable<string>, rules: FoldRules, now: number) {
  const open: OpenGroup[] = [];
  const calls: number[] = [];
  for (const key of new Set(groups)) {
    const legs = legsOfGroup(database, key);
    const applied = applyFold(database, key, legs.length > 0 ? foldLegs(legs, rules) : [], now);
    calls.push(...applied.announced);
    if (applied.open && legs.length > 0) open.push({ key, end: Math.max(...legs.map((leg) => leg.end.epoch)) });
  }
  return { open, calls };
}
