/**
 * The media that recordings lie on. A medium is known by its mark, the random id in a file of its own: mount points and
 * devices are used again by the next stick.
 */
import type { Database } from './database.ts';

/** Of the recordings that were indexed before media were told apart. */
const UNMARKED = '';

/**
 * The medium with this mark is in place. The first one that is ever seen takes over what was indexed before media had
 * marks: it is that medium on all boxes but one whose sticks were exchanged over that update, and there the other's
 * recordings are found again as new ones.
 * @param formerly The mark that this very medium was known by until now, having had none of its own; null: none.
 * @param now Epoch seconds. @returns its id.
 */
export function seeMedium(database: Database, mark: string, formerly: string | null, now: number): number {
  const known = database.first(
    'SELECT id FROM medium WHERE mark IN (?1, ?2, ?3) ORDER BY mark = ?1 DESC, mark = ?2 DESC',
    [mark, formerly, UNMARKED],
  );
  if (!known) return database.run('INSERT INTO medium (mark, first_at, seen_at) VALUES (?, ?, ?)', [mark, now, now]).id;
  const id = Number(known['id']);
  database.run(
    'UPDATE medium SET mark = ?, seen_at = ?, first_at = CASE first_at WHEN 0 THEN ? ELSE first_at END WHERE id = ?',
    [mark, now, now, id],
  );
  return id;
}

/** null: no medium with this mark was ever seen. */
export function mediumOfMark(database: Database, mark: string): number | null {
  const row = database.first('SELECT id FROM medium WHERE mark = ?', [mark]);
  return row ? Number(row['id']) : null;
}

/** A medium that was ever in place. Times in epoch seconds. */
export interface KnownMedium {
  readonly id: number;
  /** Its identity file's, or what stands for one. */
  readonly mark: string;
  readonly firstAt: number;
  readonly seenAt: number;
}

/** In the order in which they came. A box sees a handful in its life. */
export function knownMedia(database: Database): KnownMedium[] {
  return database.all('SELECT id, mark, first_at, seen_at FROM medium WHERE first_at > 0 ORDER BY id').map((row) => ({
    id: Number(row['id']),
    mark: String(row['mark']),
    firstAt: Number(row['first_at']),
    seenAt: Number(row['seen_at']),
  }));
}

/** What lies on the media, of some rows of the index. */
export interface MediaUsage {
  readonly media: readonly { readonly id: number; readonly recordings: number; readonly bytes: number }[];
  /** Where to go on; null: these were the last. */
  readonly next: number | null;
}

/** Rows of one step: some 10 ms on a small ARM. */
const USAGE_ROWS = 5_000;

/** One step of counting; what is gone or in the trash is left out. @param after The last id of the step before; 0: none. */
export function mediaUsage(database: Database, after: number): MediaUsage {
  const last = database.first('SELECT id FROM recording WHERE id > ? ORDER BY id LIMIT 1 OFFSET ?', [
    after,
    USAGE_ROWS - 1,
  ])?.['id'];
  const upTo = last === undefined ? null : Number(last);
  const rows = database.all(
    `SELECT medium, count(*) AS recordings, sum(size) AS bytes FROM recording
     WHERE id > ? AND (? IS NULL OR id <= ?) AND gone_at IS NULL AND trash IS NULL GROUP BY medium`,
    [after, upTo, upTo],
  );
  const media = rows.map((row) => ({
    id: Number(row['medium']),
    recordings: Number(row['recordings']),
    bytes: Number(row['bytes']),
  }));
  return { media, next: upTo };
}

/** A recording that lies on a medium which is not in place. */
export interface OfflineRecording extends Pick<KnownMedium, 'id' | 'seenAt'> {
  readonly path: string;
}

/** The first of these paths, few of them, that another medium than the present one has; null: none has any. */
export function offlineRecording(
  database: Database,
  paths: readonly string[],
  present: number | null,
): OfflineRecording | null {
  const row = database.first(
    `SELECT recording.path AS path, medium.id AS id, medium.seen_at AS seen_at
     FROM json_each(?) AS wanted JOIN recording ON recording.path = wanted.value
       JOIN medium ON medium.id = recording.medium
     WHERE medium.id IS NOT ? AND gone_at IS NULL AND trash IS NULL ORDER BY wanted.key, medium.seen_at DESC LIMIT 1`,
    [JSON.stringify(paths), present],
  );
  return row ? { path: String(row['path']), id: Number(row['id']), seenAt: Number(row['seen_at']) } : null;
}
