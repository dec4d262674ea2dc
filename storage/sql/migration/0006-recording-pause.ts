/** The stretches in which a recording was paused: silence in the file, and a gap that must stay visible in the call. */
import type { Migration } from './migration.ts';

export const recordingPause: Migration = [
  // to_at: null while it is paused. The call is known by its LinkedID: its rows come only when it is over.
  `CREATE TABLE recording_pause (
    id INTEGER PRIMARY KEY,
    linkedid TEXT NOT NULL, channel TEXT NOT NULL, direction TEXT NOT NULL,
    from_at INTEGER NOT NULL, to_at INTEGER
  ) STRICT`,
  'CREATE INDEX recording_pause_call ON recording_pause (linkedid)',
];
