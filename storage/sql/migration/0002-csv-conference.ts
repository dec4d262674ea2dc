/** Where Asterisk's CDR CSV was read up to, the lines in it that are no records; and who was in a conference with whom. */
import type { Migration } from './migration.ts';

export const csvAndConference: Migration = [
  // A file is known by the hash of its first line: names and inodes change with rotation.
  `CREATE TABLE csv_file (
    signature TEXT PRIMARY KEY, path TEXT NOT NULL, position INTEGER NOT NULL, line INTEGER NOT NULL, read_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE csv_fault (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    signature TEXT NOT NULL, path TEXT NOT NULL, position INTEGER NOT NULL, line INTEGER NOT NULL,
    reason TEXT NOT NULL, content TEXT NOT NULL, at INTEGER NOT NULL
  ) STRICT`,
  // Where each record came from, for `cdrd trace`.
  'ALTER TABLE leg ADD COLUMN ami_at INTEGER',
  'ALTER TABLE leg ADD COLUMN csv_file TEXT',
  'ALTER TABLE leg ADD COLUMN csv_line INTEGER',
  'ALTER TABLE leg ADD COLUMN csv_position INTEGER',
  // A conference's pairs of people are found by the channels they name. Small: most records are of Dial and Queue.
  "CREATE INDEX leg_room ON leg (channel) WHERE disposition = 'ANSWERED' AND lastapp NOT IN ('Dial', 'Queue')",
  "CREATE INDEX leg_room_pair ON leg (dstchannel) WHERE disposition = 'ANSWERED' AND lastapp NOT IN ('Dial', 'Queue')",
];
