/**
 * Numbers found by index. An exact number has plain indexes, in which its calls stand in order of start; parts of numbers
 * have the trigrams, whose bulk is put into one piece here: in many, the fifth insert behind it would have merged them all
 * and stalled for a second.
 */
import type { Migration } from './migration.ts';

export const search: Migration = [
  'CREATE INDEX call_src ON call (src, start_at) WHERE trash IS NULL',
  'CREATE INDEX call_dst ON call (dst_outer, start_at) WHERE trash IS NULL',
  // Who answered a call to an IVR, queue or ring group; everywhere else both parts are one.
  'CREATE INDEX call_dst_inner ON call (dst_inner, start_at) WHERE trash IS NULL AND dst_inner <> dst_outer',
  // Merges come in idle time, eight pieces of a size at a time: fewer would write each entry to flash more often. When 64
  // have gathered all the same, the insert must do it itself.
  "INSERT INTO call_number (call_number, rank) VALUES ('usermerge', 8)",
  "INSERT INTO call_number (call_number, rank) VALUES ('crisismerge', 64)",
  "INSERT INTO call_number (call_number) VALUES ('optimize')",
];
