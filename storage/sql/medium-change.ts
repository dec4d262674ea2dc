/** What the medium was found to be in, change by change: what the outbox's rows of the kind `medium` point to. */
import type { Database } from './database.ts';

export interface MediumChange {
  /** `absent`, `mounted`, `slow` or `dead`. */
  readonly state: string;
  /** For people; '' when there is nothing to say. */
  readonly why: string;
  /** Whether a recording could be written on it. */
  readonly writable: boolean;
  /** `MAJ:MIN`, '' where none is known. */
  readonly device: string;
  /** Its id; null: not known which it is. */
  readonly medium: number | null;
}

/** Changes kept: a box whose share comes and goes every hour is told of six weeks. */
const CHANGES_KEPT = 1_000;

/**
 * A start of the daemon finds the medium as it was most of the time: that is no change. The first medium ever, being well,
 * is none to tell of either, but is kept: the next one is another by it.
 * @param now Epoch seconds. @returns its id; null: there is nothing to tell.
 */
export function keepMediumChange(database: Database, change: MediumChange, now: number): number | null {
  const { state, why, writable, device, medium } = change;
  const last = database.first('SELECT state, writable, medium FROM medium_change ORDER BY id DESC LIMIT 1');
  if (last?.['state'] === state && (last['writable'] === 1) === writable && last['medium'] === medium) return null;
  const { id } = database.run(
    'INSERT INTO medium_change (at, state, why, writable, device, medium) VALUES (?, ?, ?, ?, ?, ?)',
    [now, state, why, writable ? 1 : 0, device, medium],
  );
  database.run('DELETE FROM medium_change WHERE id <= ?', [id - CHANGES_KEPT]);
  const firstAndWell = !last && state === 'mounted' && writable;
  return firstAndWell ? null : id;
}

export function mediumChangeById(database: Database, id: number): MediumChange | null {
  const row = database.first('SELECT state, why, writable, device, medium FROM medium_change WHERE id = ?', [id]);
  return row
    ? {
        state: String(row['state']),
        why: String(row['why']),
        writable: row['writable'] === 1,
        device: String(row['device']),
        medium: row['medium'] === null ? null : Number(row['medium']),
      }
    : null;
}
