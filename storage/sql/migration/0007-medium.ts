/**
 * Recordings lie on media that are exchanged: a path is one file for each medium, and what a medium was found to be in is
 * kept, so that who was away can be told.
 */
import type { Migration } from './migration.ts';

export const medium: Migration = [
  // mark: the random id in the medium's own identity file. '': whatever lay there before media were told apart; the first
  // medium that is seen takes that row over. first_at 0: never seen.
  `CREATE TABLE medium (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    mark TEXT NOT NULL UNIQUE, first_at INTEGER NOT NULL, seen_at INTEGER NOT NULL
  ) STRICT`,
  `INSERT INTO medium (mark, first_at, seen_at)
     SELECT '', coalesce(min(found_at), 0), coalesce(max(found_at), 0) FROM recording`,

  // One row for each change, which the outbox points to.
  `CREATE TABLE medium_change (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL, state TEXT NOT NULL, why TEXT NOT NULL, writable INTEGER NOT NULL,
    device TEXT NOT NULL, medium INTEGER
  ) STRICT`,

  // keep: 1 = retention never removes it. The path stands first in the unique index: ties look for it on all media.
  `CREATE TABLE recording_by_medium (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    medium INTEGER NOT NULL, path TEXT NOT NULL, folder TEXT NOT NULL,
    size INTEGER NOT NULL, mtime_ms INTEGER NOT NULL, seconds INTEGER NOT NULL, state TEXT NOT NULL,
    wall_at INTEGER NOT NULL, answer_at INTEGER,
    calltype TEXT NOT NULL, trunk TEXT NOT NULL, src TEXT NOT NULL, dst TEXT NOT NULL,
    call_id INTEGER, match TEXT,
    found_at INTEGER NOT NULL, gone_at INTEGER,
    trash INTEGER, keep INTEGER NOT NULL DEFAULT 0,
    dst_outer TEXT AS (CASE WHEN dst GLOB '*(*)' THEN substr(dst, 1, instr(dst, '(') - 1) ELSE dst END) VIRTUAL,
    dst_inner TEXT AS (CASE WHEN dst GLOB '*(*)' THEN substr(dst, instr(dst, '(') + 1, length(dst) - instr(dst, '(') - 1) ELSE dst END) VIRTUAL,
    UNIQUE (path, medium)
  ) STRICT`,
  `INSERT INTO recording_by_medium (id, medium, path, folder, size, mtime_ms, seconds, state, wall_at, answer_at,
       calltype, trunk, src, dst, call_id, match, found_at, gone_at, trash)
     SELECT id, (SELECT id FROM medium), path, folder, size, mtime_ms, seconds, state, wall_at, answer_at,
       calltype, trunk, src, dst, call_id, match, found_at, gone_at, trash FROM recording`,
  'DROP TABLE recording',
  'ALTER TABLE recording_by_medium RENAME TO recording',
  'CREATE INDEX recording_folder ON recording (medium, folder)',
  'CREATE INDEX recording_wall ON recording (wall_at)',
  'CREATE INDEX recording_answer ON recording (answer_at)',
  'CREATE INDEX recording_call ON recording (call_id) WHERE call_id IS NOT NULL',
  'CREATE INDEX recording_trash ON recording (trash) WHERE trash IS NOT NULL',

  // Of recordings: the medium that they lie on, and whose trash they go into.
  'ALTER TABLE deletion ADD COLUMN medium INTEGER',
  "UPDATE deletion SET medium = (SELECT id FROM medium) WHERE kind = 'recording'",
];
