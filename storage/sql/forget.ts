/**
 * What has gone for good leaves marks, so that nobody is told a wrong thing: the row of a removed recording says why its
 * call shows none, the row of a deletion what became of it, and who asks 9006 with `since` is told which calls went. Each
 * is forgotten when nobody can ask for it any more, so that the store's size follows from what it holds. Not forgotten are
 * the hashes of erased records (`leg_erased`): a CSV of any age may be imported, and must not bring one back; a million
 * take some 20 MB.
 */
import type { Database } from './database.ts';
import type { TrashProgress } from './recording-trash.ts';
import { behind, lastOf } from './sequence.ts';

/** Rows looked at in a step: some ms, each with a look into an index or two. */
const STEP = 250;
/** Seconds after which a removed file's row may go: a look that saw the file before may be told for some time. */
const RECORDING_SECONDS = 86_400;
/** Deletions that stay in the list, the newest. The audit log tells of the others. */
const DELETIONS_KEPT = 1_000;
/** EventSequences behind the newest for which removed calls are told: those of some 300,000 calls. */
const REMOVALS_KEPT = 1_000_000;

/** Where a walk through all three has come to. */
export interface Forgetting {
  readonly table: 'recording' | 'deletion' | 'call_removed';
  /** The last looked at: of recordings the deletion that they are in the trash by, and their own id. */
  readonly trash: number;
  readonly id: number;
}

/** One bounded step. @param now Epoch seconds. @returns where to go on; null: that was the last. */
export function forgetSome(database: Database, at: Forgetting, now: number): Forgetting | null {
  if (at.table === 'recording') return forgetRecordings(database, at, now);
  if (at.table === 'deletion') return forgetDeletions(database, at);
  return forgetRemovals(database, at);
}

/** Those removed for good whose call, if they had one, has gone too. */
function forgetRecordings(database: Database, { trash, id }: Forgetting, now: number): Forgetting {
  const rows = database.all(
    `SELECT file.id AS id, file.trash AS trash, deletion.state AS state, deletion.progress AS progress,
       EXISTS (SELECT 1 FROM call WHERE call.recording = file.path AND call.recording <> '') AS called
     FROM recording AS file INDEXED BY recording_trash LEFT JOIN deletion ON deletion.id = file.trash
     WHERE file.trash IS NOT NULL AND (file.trash, file.id) > (?, ?) ORDER BY file.trash, file.id LIMIT ?`,
    [trash, id, STEP],
  );
  const over = rows.filter(({ state, progress, called }) => {
    const { at = now } = (JSON.parse(String(progress ?? 'null')) ?? {}) as TrashProgress;
    return called === 0 && state === 'erased' && now - at > RECORDING_SECONDS;
  });
  remove(
    database,
    'recording',
    over.map((row) => Number(row['id'])),
  );
  const last = rows.at(-1);
  return rows.length === STEP && last
    ? { table: 'recording', trash: Number(last['trash']), id: Number(last['id']) }
    : { table: 'deletion', trash: 0, id: 0 };
}

/** Those that are over and to which no row belongs any more. */
function forgetDeletions(database: Database, { id }: Forgetting): Forgetting {
  const edge = database.first('SELECT id FROM deletion ORDER BY id DESC LIMIT 1 OFFSET ?', [DELETIONS_KEPT - 1]);
  const rows = database.all(
    `SELECT id, state, EXISTS (SELECT 1 FROM recording WHERE recording.trash = deletion.id)
         OR EXISTS (SELECT 1 FROM call WHERE call.trash = deletion.id) AS held
     FROM deletion WHERE id > ? AND id < ? ORDER BY id LIMIT ?`,
    [id, Number(edge?.['id'] ?? 0), STEP],
  );
  const over = rows.filter(({ state, held }) => held === 0 && (state === 'erased' || state === 'restored'));
  remove(
    database,
    'deletion',
    over.map((row) => Number(row['id'])),
  );
  const last = rows.at(-1);
  return rows.length === STEP && last
    ? { table: 'deletion', trash: 0, id: Number(last['id']) }
    : { table: 'call_removed', trash: 0, id: 0 };
}

function forgetRemovals(database: Database, at: Forgetting): Forgetting | null {
  const { changes } = database.run(
    `DELETE FROM call_removed WHERE id IN
       (SELECT id FROM call_removed INDEXED BY call_removed_changed WHERE changed <= ? ORDER BY changed LIMIT ?)`,
    [removalsFrom(database), STEP],
  );
  return changes === STEP ? at : null;
}

/** EventSequence behind which every removed call is still told; of those up to it some may be forgotten. */
export function removalsFrom(database: Database): number {
  return behind(database, lastOf(database, 'outbox'), REMOVALS_KEPT);
}

function remove(database: Database, table: 'recording' | 'deletion', ids: readonly number[]): void {
  database.run(`DELETE FROM ${table} WHERE id IN (SELECT value FROM json_each(?))`, [JSON.stringify(ids)]);
}
