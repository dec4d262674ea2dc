/**
 * Deletions as rows: what was deleted by whom, how far that has come, and the token that undoes it. Each is worked off in
 * steps, every step one transaction that moves `progress` on with it: a kill leaves a deletion that the next start goes on
 * with. A deletion of calls holds their filter, one of recordings their paths.
 */
import { randomBytes } from 'node:crypto';
import type { Database, Row } from './database.ts';

export type DeletionKind = 'call' | 'recording';

/**
 * `deleting` → `deleted` → (`restoring` → `restored`) or (`erasing` → `erased`). Those that end in -ing are under way,
 * and are resumed after a kill.
 */
export type DeletionState = 'deleting' | 'deleted' | 'restoring' | 'restored' | 'erasing' | 'erased';

export interface Deletion {
  readonly id: number;
  /** What undoes it; unguessable. */
  readonly token: string;
  readonly kind: DeletionKind;
  readonly state: DeletionState;
  readonly who: string;
  readonly address: string;
  /** Of recordings: the medium that they lie on, by its id in the index; null: they are calls. */
  readonly medium: number | null;
  /** Epoch seconds. */
  readonly at: number;
  /** Epoch seconds after which it is erased. */
  readonly expiresAt: number;
  /** What is deleted: a filter, or paths. JSON. */
  readonly content: unknown;
  /** Where its work has come to. JSON; null at the beginning of each state. */
  readonly progress: unknown;
  /** Rows in the trash so far. */
  readonly count: number;
  /** Bytes in the trash so far, of recordings. */
  readonly bytes: number;
}

export type NewDeletion = Pick<Deletion, 'kind' | 'who' | 'address' | 'expiresAt' | 'content'> &
  Partial<Pick<Deletion, 'medium'>>;

/** @param now Epoch seconds. @returns the deletion as it begins. */
export function beginDeletion(database: Database, fresh: NewDeletion, now: number): Deletion {
  const token = randomBytes(18).toString('base64url');
  const { medium = null } = fresh;
  const { id } = database.run(
    `INSERT INTO deletion (token, kind, state, who, address, medium, at, expires_at, content, progress, count, bytes)
     VALUES (?, ?, 'deleting', ?, ?, ?, ?, ?, ?, 'null', 0, 0)`,
    [token, fresh.kind, fresh.who, fresh.address, medium, now, fresh.expiresAt, JSON.stringify(fresh.content)],
  );
  return { ...fresh, medium, id, token, state: 'deleting', at: now, progress: null, count: 0, bytes: 0 };
}

export function deletionById(database: Database, id: number): Deletion | null {
  const row = database.first('SELECT * FROM deletion WHERE id = ?', [id]);
  return row ? toDeletion(row) : null;
}

export function deletionByToken(database: Database, token: string): Deletion | null {
  const row = database.first('SELECT * FROM deletion WHERE token = ?', [token]);
  return row ? toDeletion(row) : null;
}

/** Characters of the paths of a listed deletion: one of 20,000 files has 2 MB of them. */
const PATHS_LISTED = 8_000;

/** Newest first; of recordings only the first paths. @param limit Rows at most. */
export function deletions(database: Database, kind: DeletionKind, limit: number): Deletion[] {
  const content = kind === 'recording' ? `substr(content, 1, ${PATHS_LISTED})` : 'content';
  return database
    .all(
      `SELECT id, token, kind, state, who, address, medium, at, expires_at, progress, count, bytes, ${content} AS content
       FROM deletion WHERE kind = ? ORDER BY id DESC LIMIT ?`,
      [kind, limit],
    )
    .map((row) => toDeletion(kind === 'recording' ? { ...row, content: wholeOnes(String(row['content'])) } : row));
}

/** A list of paths that may have been cut, without the one that the cut went through. All of them end in `.wav`. */
function wholeOnes(list: string): string {
  return list.length < PATHS_LISTED ? list : `${list.slice(0, list.lastIndexOf('","'))}"]`;
}

/** Those under way, oldest first: after a kill they are gone on with. */
export function unfinishedDeletions(database: Database): Deletion[] {
  return database
    .all("SELECT * FROM deletion WHERE state IN ('deleting', 'restoring', 'erasing') ORDER BY id")
    .map(toDeletion);
}

/** Those of calls that lie in the trash, oldest first. */
export function deletedCalls(database: Database): Deletion[] {
  return database.all("SELECT * FROM deletion WHERE kind = 'call' AND state = 'deleted' ORDER BY id").map(toDeletion);
}

/** Writes how far it has come. What isn't named stays. */
export function moveDeletion(
  database: Database,
  deletion: Deletion,
  change: Partial<Pick<Deletion, 'state' | 'progress' | 'count' | 'bytes' | 'content' | 'expiresAt'>>,
): Deletion {
  const next = { ...deletion, ...change };
  database.run(
    'UPDATE deletion SET state = ?, progress = ?, count = ?, bytes = ?, content = ?, expires_at = ? WHERE id = ?',
    [
      next.state,
      JSON.stringify(next.progress),
      next.count,
      next.bytes,
      JSON.stringify(next.content),
      next.expiresAt,
      deletion.id,
    ],
  );
  return next;
}

function toDeletion(row: Row): Deletion {
  return {
    id: Number(row['id']),
    token: String(row['token']),
    kind: String(row['kind']) as DeletionKind,
    state: String(row['state']) as DeletionState,
    who: String(row['who']),
    address: String(row['address']),
    medium: row['medium'] === null ? null : Number(row['medium']),
    at: Number(row['at']),
    expiresAt: Number(row['expires_at']),
    content: JSON.parse(String(row['content'])),
    progress: JSON.parse(String(row['progress'])),
    count: Number(row['count']),
    bytes: Number(row['bytes']),
  };
}
