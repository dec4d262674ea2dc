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
