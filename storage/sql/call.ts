/**
 * Calls in the database. Every write to a call goes through {@link applyCall}: what must follow a call (outbox, the tie
 * to its recording, search index, later price) hangs there and can't be forgotten. The sums by day hang on the table itself
 * (migration 0015).
 */
import type { CallRow } from '../model/call.ts';
import type { FoldedCall } from '../model/fold.ts';
import { keyOf } from '../model/identity.ts';
import type { MatchKind } from '../model/match.ts';
import { pairMoved, pairRows } from '../model/pair.ts';
import type { Bind, Database, Row } from './database.ts';
import { announce, announceMany } from './outbox.ts';
import { packed } from './packed.ts';
import { endPauses } from './pause.ts';
import { indexMany, indexNumbers } from './search.ts';
import { recordingNear, release, tie } from './tie.ts';

export interface StoredCall extends FoldedCall {
  readonly id: number;
  readonly group: string;
  /** Its legs may still be coming: it's not shown yet. */
  readonly open: boolean;
  /** The deletion that has put it into the trash; null: it's in none. */
  readonly trash: number | null;
  /** Somebody has ticked it off: when (epoch seconds) and who; null: nobody. */
  readonly processed: Processed | null;
}

export interface Processed {
  readonly at: number;
  readonly by: string;
}

const COLUMNS: readonly (readonly [column: string, value: (row: CallRow) => Bind])[] = [
  ['start_at', (row) => row.start.epoch],
  ['start_offset', (row) => row.start.offset],
  ['answer_at', (row) => row.answer],
  ['end_at', (row) => row.end.epoch],
  ['end_offset', (row) => row.end.offset],
  ['src', (row) => row.src],
  ['dst', (row) => row.dst],
  ['src_trunk', (row) => row.srcTrunk],
  ['dst_trunk', (row) => row.dstTrunk],
  ['port', (row) => row.port],
  ['duration', (row) => row.duration],
  ['billsec', (row) => row.billsec],
  ['disposition', (row) => row.disposition],
  ['calltype', (row) => row.callType],
  ['accountcode', (row) => row.accountCode],
  ['cidname', (row) => row.cidName],
  ['ivr', (row) => row.ivr],
  ['uniqueid', (row) => row.uniqueId],
  ['recording', (row) => row.recording],
];
const NAMES = COLUMNS.map(([name]) => name);
const READ = packed(['id', 'call_group', 'anchor', 'open', 'trash', 'processed_at', 'processed_by', ...NAMES]);
const INSERT = `INSERT INTO call (trash, call_group, anchor, open, ${NAMES.join(', ')}) VALUES (?, ?, ?, ?, ${NAMES.map(() => '?').join(', ')})`;
/** Columns of the indexes that hold open calls as well. */
const INDEXED: ReadonlySet<string> = new Set(['start_at', 'src', 'dst', 'recording']);
const PLAIN = COLUMNS.filter(([name]) => !INDEXED.has(name));
/** The same where no indexed column has changed: SQLite writes the page of each index anew whose column is named. */
const UPDATE_PLAIN = `UPDATE call SET anchor = ?, ${PLAIN.map(([name]) => `${name} = ?`).join(', ')} WHERE id = ?`;
const UPDATE = `UPDATE call SET processed_at = ?, processed_by = ?, call_group = ?, anchor = ?, open = ?, ${NAMES.map((name) => `${name} = ?`).join(', ')} WHERE id = ?`;

/**
 * A call as it shall be; its id is known only once it is stored, and no fold takes it into or out of the trash. Without
 * `processed` it stays ticked off as it was.
 */
export type NextCall = Omit<StoredCall, 'id' | 'trash' | 'processed'> & Partial<Pick<StoredCall, 'processed'>>;

/**
 * The one write to a call. `old` null: it is new; `next` null: it goes. A closed call whose content changed, and one that
 * is closed just now, is announced: the outbox row's id becomes its `changed`. A closed call that no record names a
 * recording for gets the one that agrees by time and parties, if there is such a one.
 *
 * A record that comes late for a call in the trash amends it there, unseen: undoing the deletion shows what it made.
 *
 * @param now Epoch seconds.
 * @param match How `next.row.recording` was found, where that is new.
 * @param siblings The stored rows of its group, where they are at hand.
 * @returns the EventSequences of this call, and of one that lost its recording to it.
 */
export function applyCall(
  database: Database,
  old: StoredCall | null,
  next: NextCall | null,
  now: number,
  match: MatchKind = 'named',
  siblings?: readonly StoredCall[],
): number[] {
  if (!next) return old ? removeCall(database, old, now) : [];
  const near = next.open || next.row.recording !== '' ? '' : recordingNear(database, next.row);
  if (near !== '') return applyCall(database, old, showing(next, near), now, 'near');
  if (old && !differs(old, next)) return [];
  const trash = old ? old.trash : trashOfGroup(database, next.group, siblings);
  // What every call comes to: nothing but `open` changes, and is written with `changed` below.
  const closes = old?.open === true && !next.open && trash === null && !differs({ ...old, open: false }, next);
  const id = closes ? old.id : write(database, old, next, trash);
  indexNumbers(database, id, listed(old, trash), listed(next, trash));
  if (old && !old.open && next.open) database.run('UPDATE call SET changed = NULL WHERE id = ?', [id]);
  const { recording } = next.row;
  const loserId = recording === (old?.row.recording ?? '') ? null : tie(database, id, recording, match);
  const loser = loserId === null ? null : callById(database, loserId);
  const lost = loser ? applyCall(database, loser, showing(loser, ''), now) : [];
  if (!old && trash !== null) countTrash(database, trash, 1);
  if (next.open || trash !== null) return lost;
  const sequence = announce(database, 'call', id, now);
  database.run(`UPDATE call SET changed = ?${closes ? ', open = 0' : ''} WHERE id = ?`, [sequence, id]);
  return [...lost, sequence];
}

function removeCall(database: Database, old: StoredCall, now: number): number[] {
  release(database, old.id);
  database.run('DELETE FROM call WHERE id = ?', [old.id]);
  indexNumbers(database, old.id, listed(old, old.trash), null);
  if (old.trash !== null) countTrash(database, old.trash, -1);
  if (old.open || old.trash !== null) return [];
  const sequence = announce(database, 'call', old.id, now);
  database.run('INSERT OR REPLACE INTO call_removed (id, changed) VALUES (?, ?)', [old.id, sequence]);
  return [sequence];
}

/** What the search knows the numbers of: what stands in the indexes of exact numbers, which is all but the trash. */
function listed(call: NextCall | null, trash: number | null): CallRow | null {
  return call && trash === null ? call.row : null;
}

/**
 * Where a new row of a group belongs: with all the others in the trash, it is of a call that was deleted. Shown, it would
 * bring that call back; left out, undoing the deletion would bring back less than there was.
 */
function trashOfGroup(
  database: Database,
  group: string,
  siblings: readonly Pick<StoredCall, 'trash'>[] = callsOfGroup(database, group),
): number | null {
  return siblings.some(({ trash }) => trash === null) ? null : (siblings[0]?.trash ?? null);
}

function countTrash(database: Database, deletion: number, more: 1 | -1): void {
  database.run('UPDATE deletion SET count = count + ? WHERE id = ?', [more, deletion]);
}

/**
 * Closed calls that are shown go into the trash of a deletion, many by one statement each for what hangs on a call: told
 * as gone, out of the search. Their ties stay, so that undoing it finds them.
 * @returns their EventSequences.
 */
export function trashCalls(database: Database, ids: readonly number[], deletion: number, now: number): number[] {
  const list = JSON.stringify(ids);
  const sequences = announceMany(database, 'call', ids, now);
  database.run('INSERT OR REPLACE INTO call_removed (id, changed) SELECT value, ? + key FROM json_each(?)', [
    sequences[0] ?? 0,
    list,
  ]);
  database.run('UPDATE call SET trash = ? WHERE id IN (SELECT value FROM json_each(?))', [deletion, list]);
  indexMany(database, list, 'out');
  return sequences;
}

/** Out of the trash again: shown, found, and told as changed. @returns their EventSequences. */
export function restoreCalls(database: Database, ids: readonly number[], now: number): number[] {
  const list = JSON.stringify(ids);
  const sequences = announceMany(database, 'call', ids, now);
  database.run('DELETE FROM call_removed WHERE id IN (SELECT value FROM json_each(?))', [list]);
  database.run(
    // One that a record has opened again meanwhile has none until it is over: by that it is known as open.
    `UPDATE call SET trash = NULL, changed = iif(open = 0, ? + item.key, NULL)
     FROM json_each(?) AS item WHERE call.id = item.value`,
    [sequences[0] ?? 0, list],
  );
  indexMany(database, list, 'in');
  return sequences;
}

/**
 * The rows of groups go for good. Only those in the trash may: that they are gone was told when they came there.
 * @param groups A JSON list. @returns how many rows.
 */
export function eraseCalls(database: Database, groups: string): number {
  const own = 'SELECT id FROM call WHERE trash IS NOT NULL AND call_group IN (SELECT value FROM json_each(?))';
  const tied = `${own} AND EXISTS (SELECT 1 FROM recording WHERE call_id = call.id) LIMIT 1`;
  let erased = 0;
  // One by one, looking again each time: a recording may pass from one of these to the next that names it.
  for (let call = database.first(tied, [groups]); call; call = database.first(tied, [groups])) {
    release(database, Number(call['id']));
    erased += database.run('DELETE FROM call WHERE id = ?', [Number(call['id'])]).changes;
  }
  return erased + database.run(`DELETE FROM call WHERE id IN (${own})`, [groups]).changes;
}

function showing<Call extends NextCall>(call: Call, recording: string): Call {
  return { ...call, row: { ...call.row, recording } };
}

function write(database: Database, old: StoredCall | null, next: NextCall, trash: number | null): number {
  const binds = [next.group, next.anchor, next.open ? 1 : 0, ...COLUMNS.map(([, value]) => value(next.row))];
  if (!old) return database.run(INSERT, [trash, ...binds]).id;
  if (!touchesIndex(old, next)) {
    database.run(UPDATE_PLAIN, [next.anchor, ...PLAIN.map(([, value]) => value(next.row)), old.id]);
    return old.id;
  }
  const { processed = old.processed } = next;
  database.run(UPDATE, [processed?.at ?? null, processed?.by ?? null, ...binds, old.id]);
  return old.id;
}

function touchesIndex(old: StoredCall, next: NextCall): boolean {
  return (
    old.open !== next.open ||
    old.group !== next.group ||
    next.processed !== undefined || // it is told together with all the others
    COLUMNS.some(([name, value]) => INDEXED.has(name) && value(old.row) !== value(next.row))
  );
}

function differs(old: StoredCall, next: NextCall): boolean {
  return (
    old.open !== next.open ||
    old.anchor !== next.anchor ||
    old.group !== next.group ||
    (next.processed !== undefined && (old.processed !== null) !== (next.processed !== null)) ||
    COLUMNS.some(([, value]) => value(old.row) !== value(next.row))
  );
}

/**
 * Brings a group's rows in line with its newly folded legs. A group that was closed stays closed, and its amended rows
 * are announced again.
 * @returns whether the group is open, and the EventSequences of the rows announced.
 */
export function applyFold(
  database: Database,
  group: string,
  folded: readonly FoldedCall[],
  now: number,
  stored: readonly StoredCall[] = callsOfGroup(database, group),
) {
  const open = stored.length === 0 || stored.some((call) => call.open);
  const { pairs, left } = pairRows(stored, folded);
  const applied = [
    ...left.map((old) => applyCall(database, old, null, now)),
    ...pairs.map(([old, folded]) =>
      applyCall(database, old, { group, open, ...keepingTie(folded, old) }, now, 'named', stored),
    ),
  ];
  return { open, announced: applied.flat() };
}

/** A tie that was found by time stands until a record names a file itself. */
function keepingTie({ row, anchor }: FoldedCall, old: StoredCall | null): FoldedCall {
  return { anchor, row: { ...row, recording: row.recording || old?.row.recording || '' } };
}

/** Whether a group's rows are what its legs fold to. A tie that was found by time is no difference. */
export function isFolded(database: Database, group: string, folded: readonly FoldedCall[]): boolean {
  const { pairs, left } = pairRows(callsOfGroup(database, group), folded);
  return (
    left.length === 0 &&
    pairs.every(([stored, row]) => stored !== null && !differs(stored, { ...stored, ...keepingTie(row, stored) }))
  );
}

/** One group and what its legs fold to. */
export interface Folded {
  readonly group: string;
  readonly rows: readonly FoldedCall[];
}

/**
 * The same for two groups when a leg has moved from one to the other: its row moves with it and keeps its id.
 * @returns the EventSequences of the rows announced.
 */
export function applyMove(database: Database, from: Folded, to: Folded, now: number): number[] {
  const left = callsOfGroup(database, from.group);
  const joined = callsOfGroup(database, to.group);
  const moved = pairMoved({ stored: left, folded: from.rows }, { stored: joined, folded: to.rows });
  const isOpen = (calls: readonly StoredCall[]) => calls.some((call) => call.open);
  const put = (group: string, open: boolean, pairs: typeof moved.left) =>
    pairs.flatMap(([old, folded]) => applyCall(database, old, { group, open, ...keepingTie(folded, old) }, now));
  return [
    ...moved.over.flatMap((old) => applyCall(database, old, null, now)),
    ...put(from.group, isOpen(left), moved.left),
    ...put(to.group, isOpen(joined.length > 0 ? joined : left), moved.joined),
  ];
}

/** The group is over: its rows are shown from now on. @returns the EventSequences. */
export function closeGroup(database: Database, group: string, now: number): number[] {
  const calls = callsOfGroup(database, group);
  if (calls.length > 0) endPauses(database, keyOf(group), Math.max(...calls.map(({ row }) => row.end.epoch)));
  return calls.filter((call) => call.open).flatMap((call) => applyCall(database, call, { ...call, open: false }, now));
}

/** A recording was found that belongs to the call by time. @returns the EventSequences. */
export function showRecording(database: Database, id: number, recording: string, now: number): number[] {
  const call = callById(database, id);
  return call ? applyCall(database, call, showing(call, recording), now, 'near') : [];
}

/** Groups that a stop or a kill left open. Few: a call is open for some seconds only. */
export function openGroups(database: Database): string[] {
  return database
    .all('SELECT DISTINCT call_group FROM call WHERE changed IS NULL AND open = 1')
    .map((row) => String(row['call_group']));
}

export function callById(database: Database, id: number): StoredCall | null {
  const row = database.first(`SELECT ${READ.select} FROM call WHERE id = ?`, [id]);
  return row ? toCall(row) : null;
}

export function callsOfGroup(database: Database, group: string): StoredCall[] {
  return database.all(`SELECT ${READ.select} FROM call WHERE call_group = ? ORDER BY id`, [group]).map(toCall);
}

function toCall(read: Row): StoredCall {
  const row = READ.unpack(read);
  const text = (name: string) => String(row[name]);
  const number = (name: string) => Number(row[name]);
  return {
    id: number('id'),
    group: text('call_group'),
    anchor: number('anchor'),
    open: number('open') === 1,
    trash: row['trash'] === null ? null : number('trash'),
    processed: row['processed_at'] === null ? null : { at: number('processed_at'), by: text('processed_by') },
    row: {
      start: { epoch: number('start_at'), offset: number('start_offset') },
      answer: row['answer_at'] === null ? null : number('answer_at'),
      end: { epoch: number('end_at'), offset: number('end_offset') },
      src: text('src'),
      dst: text('dst'),
      srcTrunk: text('src_trunk'),
      dstTrunk: text('dst_trunk'),
      port: number('port'),
      duration: number('duration'),
      billsec: number('billsec'),
      disposition: text('disposition') as CallRow['disposition'],
      callType: text('calltype') as CallRow['callType'],
      accountCode: text('accountcode'),
      cidName: text('cidname'),
      ivr: text('ivr'),
      uniqueId: text('uniqueid'),
      recording: text('recording'),
    },
  };
}
