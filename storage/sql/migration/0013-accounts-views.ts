/**
 * Accounts know whether their password is one that somebody else gave them, and when they were last used. Filters of the
 * pages can be saved under a name; alerts and reports will name them by id, so that no id is ever given twice.
 */
import type { Migration } from './migration.ts';

export const accountsAndViews: Migration = [
  'ALTER TABLE user ADD COLUMN initial INTEGER NOT NULL DEFAULT 0',
  'ALTER TABLE user ADD COLUMN used_at INTEGER',
  // Whose password was never changed since the box made it. Later than that second the row was changed for something else.
  "UPDATE user SET initial = 1 WHERE changed_at = created_at AND name IN ('admin', 'monitor')",
  // page: 'calls' or 'recordings'. query: its filter, as the page's number takes it.
  `CREATE TABLE saved_view (
    id INTEGER PRIMARY KEY AUTOINCREMENT, page TEXT NOT NULL, name TEXT NOT NULL, query TEXT NOT NULL,
    owner TEXT NOT NULL, shared INTEGER NOT NULL, created_at INTEGER NOT NULL, changed_at INTEGER NOT NULL
  ) STRICT`,
];
