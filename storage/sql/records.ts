/**
 * Records on their way in: each becomes a leg exactly once, whichever source brings it and however often, and the calls of
 * all groups it touches are folded anew, once a transaction.
 */
import { type FoldRules, foldLegs } from '../model/fold.ts';
import { groupKey, groupOf, isStored, matchLeg } from '../model/identity.ts';
import { LEG_SOURCE, type Leg, type LegSource } from '../model/leg.ts';
import { applyFold, isFolded, moveCall } from './call.ts';
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

/** Where a walk along the calls by their start has come to; null at its end. */
export type Walk = { readonly at: number; readonly id: number } | null;

/** Calls of one step of a walk: the folding of these takes some 20 ms on a small ARM. */
const WALK_ROWS = 100;

/** Groups of the next calls that start at or after the cursor, in order of start. */
function walk(
  database: Database,
  after: NonNullable<Walk>,
): { readonly groups: readonly string[]; readonly next: Walk } {
  const rows = database.all(
    'SELECT start_at, id, call_group FROM call WHERE (start_at, id) > (?, ?) ORDER BY start_at, id LIMIT ?',
    [after.at, after.id, WALK_ROWS],
  );
  const last = rows.length === WALK_ROWS ? rows.at(-1) : undefined;
  return {
    groups: [...new Set(rows.map((row) => String(row['call_group'])))],
    next: last ? { at: Number(last['start_at']), id: Number(last['id']) } : null,
  };
}

/** Folds the next calls anew: the numbering or the rules have changed. @returns EventSequences of the amended. */
export function refoldStep(database: Database, after: NonNullable<Walk>, rules: FoldRules, now: number) {
  const { groups, next } = walk(database, after);
  return { groups: groups.length, calls: foldGroups(database, groups, rules, now).calls, next };
}

/** Compares the next calls with what their legs fold to. @returns the groups that differ, changing nothing. */
export function verifyStep(database: Database, after: NonNullable<Walk>, rules: FoldRules) {
  const { groups, next } = walk(database, after);
  const wrong = groups.filter((group) => {
    const legs = legsOfGroup(database, group);
    return legs.length === 0 || !isFolded(database, group, foldLegs(legs, rules));
  });
  return { groups: groups.length, wrong, next };
}

/** Positions of the records that the store doesn't have from the CDR CSV. */
export function missingRecords(database: Database, legs: readonly Leg[]): number[] {
  return legs.flatMap((leg, index) => (isStored(legsOfUniqueId(database, leg.uniqueId), leg, 'csv') ? [] : [index]));
}
