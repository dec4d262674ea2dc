/** Shares: links that show some calls to whoever holds them, for some days. Of a link's secret only a hash rests here. */
import type { Database, Row } from './database.ts';

/** `public`: the link alone opens it. `login`: for somebody with an account of the box. */
export type ShareKind = 'public' | 'login';

export interface NewShare {
  readonly kind: ShareKind;
  /** SHA-256 of the link's secret, hex: 256 random bits need no slow hash. */
  readonly hash: string;
  /** Ids of the calls, in the order in which they are shown. */
  readonly calls: readonly number[];
  /** Whether their recordings can be heard. */
  readonly recordings: boolean;
  /** Who made it. */
  readonly who: string;
  /** Epoch seconds. */
  readonly createdAt: number;
  /** From then on it opens nothing, epoch seconds. */
  readonly endsAt: number;
}

export interface Share extends NewShare {
  /** By which it is listed and revoked; never given again. */
  readonly id: number;
  /** When it was opened last, to a day, epoch seconds; null: never. */
  readonly usedAt: number | null;
}

/** Those whose time isn't over, newest first. @param now Epoch seconds. */
export function shares(database: Database, now: number): Share[] {
  return database.all('SELECT * FROM share WHERE ends_at > ? ORDER BY id DESC', [now]).map(toShare);
}

/** Whichever has this hash, be its time over. */
export function shareByHash(database: Database, hash: string): Share | null {
  const row = database.first('SELECT * FROM share WHERE hash = ?', [hash]);
  return row ? toShare(row) : null;
}

/**
 * Keeps one more; those whose time has been over since long go.
 * @param most That there may be. @returns its id; null: there are as many.
 */
export function putShare(database: Database, share: NewShare, most: number): number | null {
  const { kind, hash, calls, recordings, who, createdAt, endsAt } = share;
  database.run('DELETE FROM share WHERE ends_at < ?', [createdAt - OVER_SECONDS]);
  const count = Number(database.first('SELECT count(*) AS count FROM share WHERE ends_at > ?', [createdAt])?.['count']);
  if (count >= most) return null;
  const row = database.first(
    `INSERT INTO share (hash, kind, calls, recordings, who, created_at, ends_at) VALUES (?, ?, ?, ?, ?, ?, ?)
     RETURNING id`,
    [hash, kind, JSON.stringify(calls), recordings ? 1 : 0, who, createdAt, endsAt],
  );
  return Number(row?.['id']);
}

/** A clock that is ahead for a day must not take them all for good. */
const OVER_SECONDS = 30 * 86_400;

/** @param at Epoch seconds. */
export function noteShareUse(database: Database, id: number, at: number): void {
  database.run('UPDATE share SET used_at = ? WHERE id = ?', [at, id]);
}

/** @returns whether there was one. */
export function removeShare(database: Database, id: number): boolean {
  return database.run('DELETE FROM share WHERE id = ?', [id]).changes > 0;
}

/** Whoever made them has gone. @param who As their lines have it: an account, or `key:NAME`. */
export function removeSharesOf(database: Database, who: string): void {
  database.run('DELETE FROM share WHERE who = ?', [who]);
}

function toShare(row: Row): Share {
  return {
    id: Number(row['id']),
    kind: row['kind'] === 'public' ? 'public' : 'login',
    hash: String(row['hash']),
    calls: JSON.parse(String(row['calls'])) as number[],
    recordings: row['recordings'] === 1,
    who: String(row['who']),
    createdAt: Number(row['created_at']),
    endsAt: Number(row['ends_at']),
    usedAt: row['used_at'] === null ? null : Number(row['used_at']),
  };
}
