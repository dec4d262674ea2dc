/** The files of the medium for those who download them. */
import type { RecordingFiles } from '../../cgi/recording/port.ts';

export function createRecordingFiles(): RecordingFiles {
  return { look: () => Promise.reject(new Error('not yet')) };
}
