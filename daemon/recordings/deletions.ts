/** Deletions of recordings: into the medium's own trash, and back. */
import type { RecordingDeletions } from '../../cgi/recording/port.ts';

export function createRecordingDeletions(): RecordingDeletions {
  const notYet = () => Promise.reject(new Error('not yet'));
  return { begin: notYet, undo: notYet };
}
