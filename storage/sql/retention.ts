/**
 * What retention asks of the store: which recordings of a medium are the oldest, how much they are, and from which call on
 * the newest so many begin. Each is one bounded step of a walk along an index.
 */
import type { Cursor } from '../filter.ts';
import type { Bind, Database, Row } from './database.ts';

/** Rows of a step: told one by one, summed up, passed over in the index alone. Each some ms. */
const LISTED = 250;
const SUMMED = 2_000;
const PASSED = 10_000;

/** Recordings of a medium, by the clock in their names as if it were UTC, epoch seconds: `from` included, `before` not. */
export interface AgeRange {
  readonly medium: number;
  readonly from: number;
  readonly before: number;
  /** null: from the oldest on. */
  readonly after: Cursor | null;
}

export interface OldRecording {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** As the range has it. */
  readonly wall: number;
}

export interface OldRecordings {
  readonly files: readonly OldRecording[];
  /** null: there are no more. */
  readonly next: Cursor | null;
}

const SHOWN = 'medium = ? AND gone_at IS NULL AND trash IS NULL AND (wall_at, id) > (?, ?)';
const BEFORE = 'wall_at < ?';

function behind({ medium, from, after }: AgeRange): Bind[] {
  // Ids begin at 1.
  return [medium, after?.key ?? from, after?.id ?? 0];
}

/** The next oldest that aren't marked to be kept; none, where a whole step's are. */
export function oldestRecordings(database: Database, range: AgeRange): OldRecordings {
  const rows = database.all(
    `SELECT id, path, size, wall_at, keep FROM recording INDEXED BY recording_age
     WHERE ${SHOWN} AND ${BEFORE} ORDER BY wall_at, id LIMIT ?`,
    [...behind(range), range.before, LISTED],
  );
  const files = rows
    .filter((row) => row['keep'] === 0)
    .map((row) => ({ path: String(row['path']), size: Number(row['size']), wall: Number(row['wall_at']) }));
  return { files, next: rows.length === LISTED ? cursorOf(rows.at(-1)) : null };
}

export interface RecordingSum {
  readonly count: number;
  readonly bytes: number;
  /** Of them, those that are marked to be kept. */
  readonly kept: number;
  readonly keptBytes: number;
  /** The time of the newest, as the range has it; 0: there is none. */
  readonly newest: number;
  /** null: that was the last step. */
  readonly next: Cursor | null;
}

/** How many there are and how much they take: one part of the sum. */
export function sumRecordings(database: Database, range: AgeRange): RecordingSum {
  const edge = database.first(
    `SELECT wall_at, id FROM recording INDEXED BY recording_age
     WHERE ${SHOWN} AND ${BEFORE} ORDER BY wall_at, id LIMIT 1 OFFSET ?`,
    [...behind(range), range.before, SUMMED - 1],
  );
  const next = cursorOf(edge);
  // One bound on the far side: of two SQLite takes the one it likes, and with the other a step walks on to the end.
  const row = database.first(
    `SELECT count(*) AS count, total(size) AS bytes, total(keep) AS kept, total(size * keep) AS kept_bytes,
       max(wall_at) AS newest
     FROM recording INDEXED BY recording_age WHERE ${SHOWN} AND ${next ? '(wall_at, id) <= (?, ?)' : BEFORE}`,
    [...behind(range), ...(next ? [next.key, next.id] : [range.before])],
  );
  return {
    count: Number(row?.['count']),
    bytes: Number(row?.['bytes']),
    kept: Number(row?.['kept']),
    keptBytes: Number(row?.['kept_bytes']),
    newest: Number(row?.['newest'] ?? 0),
    next,
  };
}

function cursorOf(row: Row | undefined): Cursor | null {
  return row ? { key: Number(row['wall_at']), id: Number(row['id']) } : null;
}

/** Calls from the newest on; `after`: those behind this one are older. */
export interface CallWalk {
  /** Calls still to be passed over, one at least. */
  readonly pass: number;
  readonly after: Cursor | null;
}

/**
 * Passes over calls from the newest on. @returns the last one passed over, `key` its start in epoch seconds, and how many
 * are left to be passed; null: there are no more.
 */
export function passCalls(database: Database, { pass, after }: CallWalk): { at: Cursor; left: number } | null {
  const step = Math.min(pass, PASSED);
  const row = database.first(
    `SELECT start_at, id FROM call INDEXED BY call_start
     WHERE trash IS NULL AND open = 0 ${after ? 'AND (start_at, id) < (?, ?)' : ''}
     ORDER BY start_at DESC, id DESC LIMIT 1 OFFSET ?`,
    [...(after ? [after.key, after.id] : []), step - 1],
  );
  return row ? { at: { key: Number(row['start_at']), id: Number(row['id']) }, left: pass - step } : null;
}
