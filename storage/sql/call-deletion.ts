/**
 * A deletion of calls, worked off a step at a time: into the trash, out of it again, or out of the store for good. A step
 * is one transaction, whose rows and whose place in the work are written together: whatever kills it, the next step goes
 * on where the last one ended. It takes rows until its time is over, because what a row costs (its numbers, legs, the pages
 * they lie on) differs by ten times.
 */
import type { CallFilter, Cursor } from '../filter.ts';
import { conferenceChannels, inConference } from '../model/conference.ts';
import type { Leg } from '../model/leg.ts';
import type { NumberPlan } from '../model/number-plan.ts';
import { type AuditLine, audit, type By } from './audit.ts';
import { eraseCalls, restoreCalls, trashCalls } from './call.ts';
import type { Database } from './database.ts';
import { type Deletion, type DeletionState, deletionById, moveDeletion, type NewDeletion } from './deletion.ts';
import { rememberErased } from './erased.ts';
import { eraseLegs, groupsOfRoomChannel, legsNaming, legsOfGroup, legsOfGroups } from './leg.ts';
import { matchingCalls } from './listing.ts';

/** Aim of a step's rows, ms: with its commit a step shall stay below 20. */
const STEP_MS = 5;
/** Rows between two looks at the clock: a millisecond's work; erasing one takes its legs with it. */
const CHUNK = { deleting: 32, restoring: 32, erasing: 16 };
/** Calls looked at, matching or not, between two looks at the clock. */
const SCAN = 500;
/** Rows of a step at most, whatever the clock says: a transaction stays a few MB. */
const STEP_ROWS = 2_000;
/** Pages of the file given back between two looks at the clock, and in a step. */
const VACUUM_PAGES = 10;

/** What a deletion of calls holds of what it deletes. */
export interface CallContent {
  readonly filter: CallFilter;
  /** The filter as parameters of the API: for people. */
  readonly what: Readonly<Record<string, string>>;
  /** Calls up to this id, but for these, which were open: nobody has seen those when it began, and they stay. */
  readonly upTo: number;
  readonly except: readonly number[];
}

/** Where undoing or erasing has come to. */
interface Undone {
  /** Who asked for it. */
  readonly by: By;
  /** Rows so far. */
  readonly done: number;
  /** Erasing: the last call looked at. */
  readonly after: number;
}

/** A deletion takes what its filter matched when it began, not what comes while it works. */
export function bounded(database: Database, deletion: NewDeletion): NewDeletion {
  const ids = (sql: string) => database.all(sql).map(({ id }) => Number(id));
  const content: CallContent = {
    ...(deletion.content as Pick<CallContent, 'filter' | 'what'>),
    upTo: ids('SELECT coalesce(max(id), 0) AS id FROM call')[0] ?? 0,
    except: ids('SELECT id FROM call WHERE changed IS NULL AND open = 1'),
  };
  return { ...deletion, content };
}

/**
 * A deletion is undone, or its time is over. @param from The states in which it may be.
 * @returns it as it stands then, the same as before where it was in none of those; null: there is none.
 */
export function turnDeletion(
  database: Database,
  id: number,
  from: readonly DeletionState[],
  to: 'restoring' | 'erasing',
  line: AuditLine,
  now: number,
): Deletion | null {
  const deletion = deletionById(database, id);
  if (!deletion || !from.includes(deletion.state)) return deletion;
  audit(database, line, now);
  const progress: Undone = { by: { who: line.who, address: line.address }, done: 0, after: 0 };
  return moveDeletion(database, deletion, { state: to, progress });
}

export interface Stepped {
  readonly deletion: Deletion;
  /** EventSequences of the calls that went or came back. */
  readonly calls: readonly number[];
}

/** The next step of a deletion of calls that is under way, within a transaction. */
export function stepDeletion(database: Database, id: number, plan: NumberPlan, now: number): Stepped {
  const deletion = deletionById(database, id);
  if (deletion?.kind !== 'call') throw new Error(`there is no deletion of calls ${id}`);
  const end = performance.now() + STEP_MS;
  const late = () => performance.now() >= end;
  switch (deletion.state) {
    case 'deleting':
      return trashStep(database, deletion, late, now);
    case 'restoring':
      return restoreStep(database, deletion, late, now);
    case 'erasing':
      return eraseStep(database, deletion, late, plan, now);
    default:
      return { deletion, calls: [] };
  }
}

type Late = () => boolean;

function trashStep(database: Database, deletion: Deletion, late: Late, now: number): Stepped {
  const { filter, upTo, except, what } = deletion.content as CallContent;
  const calls: number[] = [];
  let cursor = deletion.progress as Cursor | null;
  do {
    const { ids, next } = matchingCalls(database, filter, cursor, { scan: SCAN, limit: CHUNK.deleting });
    const own = ids.filter((call) => call <= upTo && !except.includes(call));
    if (own.length > 0) calls.push(...trashCalls(database, own, deletion.id, now));
    cursor = next;
  } while (cursor && calls.length < STEP_ROWS && !late());
  const count = deletion.count + calls.length;
  if (cursor) return { calls, deletion: moveDeletion(database, deletion, { progress: cursor, count }) };
  const { who, address } = deletion;
  audit(database, { who, address, action: 'calls.deleted', detail: { deletion: deletion.id, count, ...what } }, now);
  return { calls, deletion: moveDeletion(database, deletion, { state: 'deleted', progress: null, count }) };
}

function restoreStep(database: Database, deletion: Deletion, late: Late, now: number): Stepped {
  const calls: number[] = [];
  let ids: number[];
  do {
    ids = inTrash(database, deletion.id, 0, CHUNK.restoring);
    if (ids.length > 0) calls.push(...restoreCalls(database, ids, now));
  } while (ids.length > 0 && calls.length < STEP_ROWS && !late());
  return { calls, deletion: undone(database, deletion, calls.length, 0, ids.length > 0 ? null : 'restored', now) };
}

function eraseStep(database: Database, deletion: Deletion, late: Late, plan: NumberPlan, now: number): Stepped {
  let { after } = deletion.progress as Undone;
  let erased = 0;
  let ids: number[];
  do {
    ids = inTrash(database, deletion.id, after, CHUNK.erasing);
    if (ids.length > 0) erased += eraseGroups(database, groupsOf(database, ids), plan);
    after = ids.at(-1) ?? after;
  } while (ids.length > 0 && erased < STEP_ROWS && !late());
  return { calls: [], deletion: undone(database, deletion, erased, after, ids.length > 0 ? null : 'erased', now) };
}

function undone(
  database: Database,
  deletion: Deletion,
  rows: number,
  after: number,
  end: 'restored' | 'erased' | null,
  now: number,
): Deletion {
  const before = deletion.progress as Undone;
  const progress: Undone = { ...before, done: before.done + rows, after };
  if (!end) return moveDeletion(database, deletion, { progress });
  const { what } = deletion.content as CallContent;
  const detail = { deletion: deletion.id, count: progress.done, ...what };
  audit(database, { ...before.by, action: `calls.${end}`, detail }, now);
  return moveDeletion(database, deletion, { state: end, progress });
}

function inTrash(database: Database, deletion: number, after: number, limit: number): number[] {
  return database
    .all('SELECT id FROM call WHERE trash = ? AND id > ? ORDER BY id LIMIT ?', [deletion, after, limit])
    .map(({ id }) => Number(id));
}

function groupsOf(database: Database, ids: readonly number[]): string[] {
  return database
    .all('SELECT DISTINCT call_group FROM call WHERE id IN (SELECT value FROM json_each(?))', [JSON.stringify(ids)])
    .map((row) => String(row['call_group']));
}

/**
 * A call's records go when all of their rows may: each row is folded from all of them, and one that stays (the other half
 * of a transfer, another participant of a conference) would be folded differently, or bring the erased row back. Until
 * then its row stays where nobody sees it. So whoever goes last takes with it those that waited for it.
 * @returns how many calls went.
 */
function eraseGroups(database: Database, groups: readonly string[], plan: NumberPlan): number {
  const list = JSON.stringify(groups);
  const staying = staysOf(database, groups);
  const legs = legsOfGroups(database, list).filter(({ group }) => !staying.has(group));
  const rooms = new Set(legs.filter((leg) => inConference(leg, plan)).map(({ group }) => group));
  const plain = groups.filter((group) => !staying.has(group) && !rooms.has(group));
  let erased = eraseAll(
    database,
    plain,
    legs.filter(({ group }) => !rooms.has(group)),
  );
  for (const room of rooms) erased += eraseConference(database, room, plan);
  return erased;
}

/** A participant's records may end the row of another: he goes when all whom they name may, and with him who waits for it. */
function eraseConference(database: Database, first: string, plan: NumberPlan): number {
  const queue = [first];
  let erased = 0;
  for (let group = queue.pop(); group !== undefined; group = queue.pop()) {
    const legs = legsOfGroup(database, group);
    const named = legs.filter((leg) => leg.destinationChannel !== '' && inConference(leg, plan));
    const kin = named.flatMap((leg) => groupsOfRoomChannel(database, leg.destinationChannel));
    if (legs.length === 0 || staysOf(database, [group, ...kin]).size > 0) continue;
    erased += eraseAll(database, [group], legs);
    const waiting = legsNaming(database, conferenceChannels(legs, plan), group).map((leg) => leg.group);
    queue.push(...new Set(waiting));
  }
  return erased;
}

function eraseAll(database: Database, groups: readonly string[], legs: readonly Leg[]): number {
  if (groups.length === 0) return 0;
  const list = JSON.stringify(groups);
  const erased = eraseCalls(database, list);
  rememberErased(database, legs);
  eraseLegs(database, list);
  return erased;
}

/** Which of the groups have a row that is shown, or may yet come back. */
function staysOf(database: Database, groups: readonly string[]): ReadonlySet<string> {
  const rows = database.all(
    `SELECT DISTINCT call_group FROM call LEFT JOIN deletion ON deletion.id = call.trash
     WHERE call_group IN (SELECT value FROM json_each(?)) AND coalesce(state, '') NOT IN ('erasing', 'erased')`,
    [JSON.stringify(groups)],
  );
  return new Set(rows.map((row) => String(row['call_group'])));
}

/** Gives pages that erasing has freed back to the disk, as many as a step may. @returns free pages that are left. */
export function vacuumStep(database: Database, keep: number): number {
  const free = () => Number(database.first('PRAGMA freelist_count')?.['freelist_count']);
  const end = performance.now() + STEP_MS;
  let left = free();
  while (left > keep && performance.now() < end) {
    database.all(`PRAGMA incremental_vacuum(${VACUUM_PAGES})`); // a row a page: they must all be stepped over
    left = free();
  }
  return left;
}
