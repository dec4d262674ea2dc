/** What the truth report goes by: what is wrong with a file, and what Asterisk had been told to record at a time. */
import type { Migration } from './migration.ts';

export const truth: Migration = [
  // '' where nothing is wrong, and for what an earlier version found damaged.
  "ALTER TABLE recording ADD COLUMN fault TEXT NOT NULL DEFAULT ''",
  // records: the kinds of calls, joined by commas; '' = none.
  `CREATE TABLE recording_policy (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, records TEXT NOT NULL
  ) STRICT`,
  'CREATE INDEX recording_policy_at ON recording_policy (at)',
  'CREATE INDEX medium_change_at ON medium_change (at)',
];
