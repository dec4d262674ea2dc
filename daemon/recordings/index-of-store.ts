/** The index of the recordings, kept by the store; what is new in it is said on the bus. */
import type { StoreClient } from '../../storage/client.ts';
import { isDiskFault } from '../../storage/errors.ts';
import type { Bus } from '../bus.ts';
import type { RecordingIndex } from './recording-index.ts';

export function indexOf(store: StoreClient, bus: Bus): RecordingIndex {
  return {
    async medium(mark, formerly) {
      try {
        return (await store.write({ kind: 'mediumSeen', mark, formerly })).medium ?? 0;
      } catch (error) {
        // Its recordings can be played though the disk of the store refuses, unless it has never been seen.
        const id = isDiskFault(error) ? await store.ask('mediumOfMark', mark) : null;
        if (id === null) throw error;
        return id;
      }
    },
    known: (medium, folder) => store.ask('knownRecordings', { medium, folder }),
    folders: (medium) => store.ask('recordingFolders', medium),
    async found(medium, files) {
      const written = await store.write({ kind: 'recordings', medium, files });
      bus.emit('recordings', files, written.recordings);
      if (written.calls.length > 0) bus.emit('calls', written.calls);
    },
    gone: async (medium, paths) => void (await store.write({ kind: 'gone', medium, paths })),
  };
}
