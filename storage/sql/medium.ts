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
 * @param now Epoch seconds. @returns its id.
 */
export function seeMedium(database: Database, mark: string, now: number): number {
  const known = database.first('SELECT id FROM medium WHERE mark IN (?, ?) ORDER BY mark = ? DESC', [
    mark,
    UNMARKED,
    mark,
  ]);
  if (!known) return database.run('INSERT INTO medium (mark, first_at, seen_at) VALUES (?, ?, ?)', [mark, now, now]).id;
  const id = Number(known['id']);
  database.run(
    'UPDATE medium SET mark = ?, seen_at = ?, first_at = CASE first_at WHEN 0 THEN ? ELSE first_at END WHERE id = ?',
    [mark, now, now, id],
  );
  return id;
}
