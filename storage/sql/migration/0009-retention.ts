/** What retention walks along: the recordings of a medium by age, and those that are marked to be kept. */
import type { Migration } from './migration.ts';

export const retention: Migration = [
  'CREATE INDEX recording_age ON recording (medium, wall_at) WHERE gone_at IS NULL AND trash IS NULL',
  // Asked for each call that may go: kept ones are few.
  'CREATE INDEX recording_kept ON recording (path) WHERE keep = 1',
];
