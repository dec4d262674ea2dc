/** The phone book: a number as it stands in calls, whose it is, and the group it belongs to. */
import type { Database, Row } from './database.ts';

export interface Contact {
  readonly number: string;
  readonly name: string;
  readonly group: string;
}

/** Adds them, or changes those that are there. */
export function putContacts(database: Database, contacts: readonly Contact[]): void {
  for (const { number, name, group } of contacts)
    database.run(
      `INSERT INTO contact (number, name, groupname) VALUES (?, ?, ?)
       ON CONFLICT (number) DO UPDATE SET name = excluded.name, groupname = excluded.groupname`,
      [number, name, group],
    );
}

/** @returns how many there were. */
export function removeContacts(database: Database, numbers: readonly string[]): number {
  return numbers.reduce(
    (sum, number) => sum + database.run('DELETE FROM contact WHERE number = ?', [number]).changes,
    0,
  );
}

/** In order of number, after `after`. @param limit Rows at most. */
export function contacts(database: Database, after: string, limit: number): Contact[] {
  return database.all('SELECT * FROM contact WHERE number > ? ORDER BY number LIMIT ?', [after, limit]).map(toContact);
}

function toContact(row: Row): Contact {
  return { number: String(row['number']), name: String(row['name']), group: String(row['groupname']) };
}
