/**
 * Records on their way in: each becomes a leg exactly once, whichever source brings it and however often, and the calls of
 * all groups it touches are folded anew, once a transaction.
 */
import { conferenceChannels, inConference } from '../model/conference.ts';
import { type ExplainedCall, explainFold, type FoldRules, foldLegs } from '../model/fold.ts';
import { groupKey, groupOf, isStored, matchLeg, regroup, type StoredLeg } from '../model/identity.ts';
import { LEG_SOURCE, type Leg, type LegSource } from '../model/leg.ts';
import { applyFold, applyMove, callsOfGroup, isFolded } from './call.ts';
import type { Database } from './database.ts';
import { isErased } from './erased.ts';
import {
  groupsOfRoomChannel,
  insertLeg,
  legsNaming,
  legsNear,
  legsOfGroup,
  legsOfKey,
  legsOfUniqueId,
  mergeLeg,
  moveLeg,
  type Origin,
  sameLeg,
  storableLeg,
} from './leg.ts';
import { announce } from './outbox.ts';

/** A call whose records may still be coming. */
export interface OpenGroup {
  readonly key: string;
  /** End of its last leg so far, epoch seconds. */
  readonly end: number;
  /** A leg has come that wasn't there: the wait for the next begins anew. */
  readonly fresh: boolean;
}

/** What putting a record in did. */
export interface PutRecord {
  /** Its EventSequence; null: it was there already. */
  readonly sequence: number | null;
  /** Groups to fold anew. */
  readonly touched: readonly string[];
  /** EventSequences of calls amended already. */
  readonly calls: readonly number[];
  /** Of a new record: its group's legs, as they stand now. */
  readonly known?: { readonly group: string; readonly legs: readonly StoredLeg[] };
}

/** @param now Epoch seconds. */
export function putRecord(database: Database, given: Leg, origin: Origin, rules: FoldRules, now: number): PutRecord {
  const source: LegSource = 'amiAt' in origin ? 'ami' : 'csv';
  const leg = storableLeg(given);
  const key = groupKey(leg);
  const near = legsNear(database, leg.uniqueId, key);
  const match = matchLeg(
    near.filter(({ uniqueId }) => uniqueId === leg.uniqueId),
    leg,
    source,
  );
  if (match.kind === 'duplicate') return { sequence: null, touched: [], calls: [] };
  if (match.kind === 'merge') {
    const before = near.find(({ id }) => id === match.id);
    mergeLeg(database, match, origin);
    // The usual one: the second source tells the same, of which no row can become another.
    if (before && sameLeg(before, match.leg)) return { sequence: null, touched: [], calls: [] };
    const { group, calls } = move(database, match.id, match.leg, rules, now);
    return { sequence: null, touched: [match.leg.group, group, ...pairedWith(database, match.leg, rules)], calls };
  }
  if (isErased(database, leg)) return { sequence: null, touched: [], calls: [] };
  const group = groupOf(
    near.filter((known) => known.group === key || known.group.startsWith(`${key}#`)),
    leg,
  );
  const id = insertLeg(database, group, LEG_SOURCE[source], leg, origin);
  const sequence = announce(database, 'cdr', id, now);
  const legs = [...near.filter((known) => known.group === group), { ...leg, id, group, sources: LEG_SOURCE[source] }];
  return { sequence, touched: [group, ...pairedWith(database, leg, rules)], calls: [], known: { group, legs } };
}

/** A record that one source completed may belong to another call than was thought: then its row moves with it. */
function move(database: Database, id: number, leg: StoredLeg, rules: FoldRules, now: number) {
  const from = leg.group;
  const group = regroup(legsOfKey(database, groupKey(leg)), leg);
  if (group === from) return { group, calls: [] };
  moveLeg(database, id, group);
  const folded = (key: string) => ({ group: key, rows: foldGroup(database, key, rules) });
  return { group, calls: applyMove(database, folded(from), folded(group), now) };
}

/** A conference's record for a pair may end the row of the person it names, who is in a group of his own. */
function pairedWith(database: Database, leg: Leg, { plan }: FoldRules): string[] {
  return leg.destinationChannel !== '' && inConference(leg, plan)
    ? groupsOfRoomChannel(database, leg.destinationChannel)
    : [];
}

/** What a group's legs fold to, and why: for `trace`. */
export function explainGroup(database: Database, group: string, rules: FoldRules): ExplainedCall[] {
  const legs = legsOfGroup(database, group);
  const channels = conferenceChannels(legs, rules.plan);
  return legs.length === 0 ? [] : explainFold(legs, rules, legsNaming(database, channels, group));
}

/** What a group's legs fold to; nothing where it has none. */
function foldGroup(
  database: Database,
  group: string,
  rules: FoldRules,
  legs: readonly StoredLeg[] = legsOfGroup(database, group),
) {
  if (legs.length === 0) return [];
  const channels = conferenceChannels(legs, rules.plan);
  return foldLegs(legs, rules, legsNaming(database, channels, group));
}

/**
 * Folds groups anew. @param known The legs of one of them, where nothing has been written since they were looked for.
 * @returns those still open, and the EventSequences of the calls announced.
 */
export function foldGroups(
  database: Database,
  groups: Iterable<string>,
  rules: FoldRules,
  now: number,
  known?: PutRecord['known'],
) {
  const open: Omit<OpenGroup, 'fresh'>[] = [];
  const calls: number[] = [];
  for (const key of new Set(groups)) {
    const legs = known?.group === key ? known.legs : legsOfGroup(database, key);
    // Its first record: no row can be there.
    const stored = known?.group === key && legs.length === 1 ? [] : callsOfGroup(database, key);
    const applied = applyFold(database, key, foldGroup(database, key, rules, legs), now, stored);
    calls.push(...applied.announced);
    if (applied.open && legs.length > 0) open.push({ key, end: Math.max(...legs.map((leg) => leg.end.epoch)) });
  }
  return { open, calls };
}

/**
 * Where a walk along the calls by their start has come to; null at its end. Those in the trash come last, by deletion and
 * id: undoing it must bring back what the rules of now make of their records.
 */
export type Walk = {
  readonly at: number;
  readonly id: number;
  /** Where it began, epoch seconds; absent: at `at`. */
  readonly from?: number;
  /** The deletion whose calls it goes through; absent: those that are shown. */
  readonly trash?: number;
} | null;

/** Calls of one step of a walk: the folding of these takes some 20 ms on a small ARM. */
const WALK_ROWS = 100;

/** Few are open, and in the index of no starts: they are put in order among the others. */
const SHOWN_AND_OPEN = `SELECT start_at, id, call_group FROM call INDEXED BY call_start
    WHERE trash IS NULL AND open = 0 AND (start_at, id) > (?, ?)
  UNION ALL SELECT start_at, id, call_group FROM call INDEXED BY call_changed
    WHERE changed IS NULL AND open = 1 AND trash IS NULL AND (start_at, id) > (?, ?)
  ORDER BY start_at, id LIMIT ?`;

/** Groups of the next calls that start at or after the cursor, in order of start. */
function walk(
  database: Database,
  after: NonNullable<Walk>,
): { readonly groups: readonly string[]; readonly next: Walk } {
  const { at, id, from = at, trash } = after;
  const rows =
    trash === undefined
      ? database.all(SHOWN_AND_OPEN, [at, id, at, id, WALK_ROWS])
      : database.all(
          'SELECT start_at, id, trash, call_group FROM call WHERE trash IS NOT NULL AND (trash, id) > (?, ?) ORDER BY trash, id LIMIT ?',
          [trash, id, WALK_ROWS],
        );
  const last = rows.length === WALK_ROWS ? rows.at(-1) : undefined;
  const behind = trash === undefined ? { at: from, id: 0, from, trash: 0 } : null;
  return {
    groups: [...new Set(rows.filter((row) => Number(row['start_at']) >= from).map((row) => String(row['call_group'])))],
    next: last
      ? {
          at: Number(last['start_at']),
          id: Number(last['id']),
          from,
          ...('trash' in last && { trash: Number(last['trash']) }),
        }
      : behind,
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
    return legs.length === 0 || !isFolded(database, group, foldGroup(database, group, rules, legs));
  });
  return { groups: groups.length, wrong, next };
}

/** Positions of the records that the store doesn't have from the CDR CSV, and hasn't erased. */
export function missingRecords(database: Database, legs: readonly Leg[]): number[] {
  return legs.flatMap((leg, index) =>
    isStored(legsOfUniqueId(database, leg.uniqueId), leg, 'csv') || isErased(database, leg) ? [] : [index],
  );
}
