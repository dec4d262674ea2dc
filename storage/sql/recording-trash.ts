/**
 * Recordings on their way into the medium's trash and out of it. Rows are hidden before their files move and shown after
 * they are back, so that at no moment a listing offers a file that isn't there. A row keeps its identity and its tie to its
 * call all the while; a call whose recording is in the trash shows none (listing.ts) and is announced when that changes.
 */
import { type AuditLine, audit } from './audit.ts';
import type { Database } from './database.ts';
import type { Deletion, DeletionState } from './deletion.ts';
import { announce } from './outbox.ts';

/** One step of a deletion's work, as one transaction: what its files did, and how far it has come. */
export interface TrashStep {
  /** The deletion's. */
  readonly id: number;
  /** Nothing is done unless it is in this state. */
  readonly from: DeletionState;
  readonly state: DeletionState;
  readonly progress: TrashProgress | null;
  /** Added to the deletion's. */
  readonly count?: number;
  readonly bytes?: number;
  /** Paths whose files are about to move. */
  readonly hide?: readonly string[];
  /** Of these, those that are marked to be kept stay: nobody has asked for them by name. */
  readonly spareKept?: boolean;
  /** Paths whose files are back in their place, or never left it. */
  readonly show?: readonly string[];
  /** Paths whose files have gone by other hands. */
  readonly lost?: readonly string[];
  readonly audit?: AuditLine;
}

/**
 * `next`: how many paths are through. `done`: how many files are back, of an undo. `at`: when it came to this state, epoch
 * seconds.
 */
export interface TrashProgress {
  readonly next?: number;
  readonly done?: number;
  readonly at?: number;
}

/** A deletion of recordings that may have files in the trash; without its paths. */
export type Trashed = Pick<Deletion, 'id' | 'token' | 'state' | 'medium' | 'at' | 'expiresAt' | 'bytes'>;

/** As many as are looked at when the trash is cleaned. */
const TRASHED_MAX = 5_000;
/** What a look saw just before its file was moved may be told this much later. */
const LATE_SECONDS = 60;

/** @param now Epoch seconds. @returns the calls announced, or null when the deletion is in another state. */
export function trashStep(database: Database, step: TrashStep, now: number): number[] | null {
  const { id, from, state, progress, count = 0, bytes = 0 } = step;
  const over = state === 'erased' || state === 'restored';
  const { changes } = database.run(
    `UPDATE deletion SET state = ?, progress = ?, count = count + ?, bytes = bytes + ?
       ${over ? ", content = '[]'" : ''} WHERE id = ? AND state = ?`,
    [state, JSON.stringify(progress), count, bytes, id, from],
  );
  if (changes === 0) return null;
  const { hide = [], spareKept = false, show = [], lost = [] } = step;
  const hideable = `trash IS NULL${spareKept ? ' AND keep = 0' : ''}`;
  const medium = Number(database.first('SELECT medium FROM deletion WHERE id = ?', [id])?.['medium']);
  const put = (change: string, binds: readonly number[], path: string): boolean =>
    database.run(`UPDATE recording SET ${change} AND path = ? AND medium = ?`, [...binds, path, medium]).changes > 0;
  const touched = [
    ...hide.filter((path) => put(`trash = ? WHERE ${hideable}`, [id], path)),
    ...show.filter((path) => put('trash = NULL, gone_at = NULL WHERE trash = ?', [id], path)),
    ...lost.filter((path) => put('trash = NULL, gone_at = ? WHERE trash = ?', [now, id], path)),
  ];
  if (step.audit) audit(database, step.audit, now);
  return touched.flatMap((path) => announceCallsOf(database, path, now));
}

/** Of these paths, those that a deletion has hidden: their marks can't change any more. */
export function hiddenPaths(database: Database, id: number, paths: readonly string[]): string[] {
  return database
    .all(
      `SELECT wanted.value AS path FROM json_each(?) AS wanted JOIN recording ON recording.path = wanted.value
       WHERE recording.trash = ? ORDER BY wanted.key`,
      [JSON.stringify(paths), id],
    )
    .map(({ path }) => String(path));
}

/** The calls that show this recording, or did: their answers in 9006 have changed. */
export function announceCallsOf(database: Database, path: string, now: number): number[] {
  return database
    .all("SELECT id FROM call WHERE recording = ? AND recording <> '' AND open = 0 AND trash IS NULL", [path])
    .map((row) => {
      const sequence = announce(database, 'call', Number(row['id']), now);
      database.run('UPDATE call SET changed = ? WHERE id = ?', [sequence, Number(row['id'])]);
      return sequence;
    });
}

/**
 * Whether a file that a look has found is really back though its row is in the trash: somebody put it there by hand. A
 * look from just before the move says nothing, and while the deletion is under way its own steps say what is where.
 */
export function isBack(state: unknown, progress: unknown, now: number): boolean {
  if (state !== 'deleted' && state !== 'erased') return false;
  const { at } = (JSON.parse(String(progress)) ?? {}) as TrashProgress;
  return at !== undefined && now - at > LATE_SECONDS;
}

/** Oldest first. */
export function trashed(database: Database): Trashed[] {
  return database
    .all(
      `SELECT id, token, state, medium, at, expires_at, bytes FROM deletion
       WHERE kind = 'recording' AND state NOT IN ('erased', 'restored') ORDER BY id LIMIT ?`,
      [TRASHED_MAX],
    )
    .map((row) => ({
      id: Number(row['id']),
      token: String(row['token']),
      state: String(row['state']) as DeletionState,
      medium: row['medium'] === null ? null : Number(row['medium']),
      at: Number(row['at']),
      expiresAt: Number(row['expires_at']),
      bytes: Number(row['bytes']),
    }));
}
