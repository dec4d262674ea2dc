/** Where Asterisk's CDR CSV was read up to, and the lines in it that are no records. */
import type { Migration } from './migration.ts';

export const csv: Migration = [
  // A file is known by the hash of its first line: names and inodes change with rotation.
  `CREATE TABLE csv_file (
    signature TEXT PRIMARY KEY, path TEXT NOT NULL, position INTEGER NOT NULL, line INTEGER NOT NULL, read_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE csv_fault (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    signature TEXT NOT NULL, path TEXT NOT NULL, position INTEGER NOT NULL, line INTEGER NOT NULL,
    reason TEXT NOT NULL, content TEXT NOT NULL, at INTEGER NOT NULL
  ) STRICT`,
];
