/**
 * Where a new phone book is gathered before it takes the old one's place: so many contacts don't go into one step. The two
 * tables must stay of one shape: SQLite then copies from one to the other without looking at the rows.
 */
import type { Migration } from './migration.ts';

export const contactStaged: Migration = [
  `CREATE TABLE contact_staged (
    number TEXT PRIMARY KEY, name TEXT NOT NULL, groupname TEXT NOT NULL
  ) STRICT, WITHOUT ROWID`,
];
