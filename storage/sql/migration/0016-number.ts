/**
 * The numbers that calls show, each once, in the place of trigrams of every call: numbers are few beside calls (60,000 in
 * a million), so looking at each of them costs 10 ms, and their calls stand in the indexes of exact numbers. The trigrams
 * took 13 MB in a million calls and some pages of every commit, the numbers take 2; one that is known takes nothing.
 */
import type { Migration } from './migration.ts';

export const number: Migration = [
  // side: 0 = src, 1 = dst_outer, 2 = dst_inner where it differs. See sql/search.ts.
  'CREATE TABLE number (side INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (side, text)) STRICT, WITHOUT ROWID',
  'INSERT INTO number SELECT DISTINCT 0, src FROM call INDEXED BY call_src WHERE trash IS NULL',
  'INSERT INTO number SELECT DISTINCT 1, dst_outer FROM call INDEXED BY call_dst WHERE trash IS NULL',
  `INSERT INTO number SELECT DISTINCT 2, dst_inner FROM call INDEXED BY call_dst_inner
     WHERE trash IS NULL AND dst_inner <> dst_outer`,
  'DROP TABLE call_number',
  // A call that was opened again had kept it: from now on null means open.
  'UPDATE call SET changed = NULL WHERE open = 1 AND changed IS NOT NULL',
];
