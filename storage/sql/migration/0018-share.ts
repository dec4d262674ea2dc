/** Links that show some calls to whoever holds them. Of a link's secret only a hash rests here. */
import type { Migration } from './migration.ts';

export const share: Migration = [
  // kind: 'public' or 'login'. calls: ids of rows of `call`, a JSON array. recordings: whether they can be heard, 0 or 1.
  `CREATE TABLE share (
    id INTEGER PRIMARY KEY AUTOINCREMENT, hash TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, calls TEXT NOT NULL,
    recordings INTEGER NOT NULL, who TEXT NOT NULL, created_at INTEGER NOT NULL, ends_at INTEGER NOT NULL, used_at INTEGER
  ) STRICT`,
];
