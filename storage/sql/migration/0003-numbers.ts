/**
 * What the guide's other numbers need: the trash and its deletions, the search inside numbers, the phone book, API keys.
 * A call in the trash is out of the index that listings run along, so that they never step over what is not shown.
 */
import type { Migration } from './migration.ts';

export const numbers: Migration = [
  'DROP TABLE trash',
  // One row a deletion: a job that a kill interrupts is resumed from it, and `token` undoes it. See sql/deletion.ts.
  `CREATE TABLE deletion (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    token TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, state TEXT NOT NULL,
    who TEXT NOT NULL, address TEXT NOT NULL, at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
    content TEXT NOT NULL, progress TEXT NOT NULL,
    count INTEGER NOT NULL, bytes INTEGER NOT NULL
  ) STRICT`,

  // The deletion that put it into the trash; null: it is shown.
  'ALTER TABLE call ADD COLUMN trash INTEGER',
  'DROP INDEX call_start',
  'CREATE INDEX call_start ON call (start_at) WHERE trash IS NULL',
  'CREATE INDEX call_trash ON call (trash) WHERE trash IS NOT NULL',
  // What has gone for good, so that who asks with `since` is told. changed: the EventSequence of its end.
  'CREATE TABLE call_removed (id INTEGER PRIMARY KEY, changed INTEGER NOT NULL) STRICT',
  'CREATE INDEX call_removed_changed ON call_removed (changed)',
  // Hashes of erased records' identities: a second source, or an import, must not bring a deleted call back.
  'CREATE TABLE leg_erased (hash BLOB PRIMARY KEY) STRICT, WITHOUT ROWID',

  'ALTER TABLE recording ADD COLUMN trash INTEGER',
  'CREATE INDEX recording_trash ON recording (trash) WHERE trash IS NOT NULL',

  // Parts of numbers. Its merges happen in idle time: left to itself one insert stalls for up to 190 ms.
  `CREATE VIRTUAL TABLE call_number USING fts5(
    src, dst, content='call', content_rowid='id', tokenize='trigram', detail=none, columnsize=0
  )`,
  "INSERT INTO call_number (call_number, rank) VALUES ('automerge', 0)",
  'INSERT INTO call_number (rowid, src, dst) SELECT id, src, dst FROM call WHERE open = 0',

  'CREATE TABLE contact (number TEXT PRIMARY KEY, name TEXT NOT NULL, groupname TEXT NOT NULL) STRICT, WITHOUT ROWID',

  // hash: of the key's secret part. numbers: a JSON list of the numbers it may call, null = all that its role may.
  `CREATE TABLE api_key (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, numbers TEXT, hash TEXT NOT NULL,
    who TEXT NOT NULL, created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
];
