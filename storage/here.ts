/**
 * The store in this very thread: for unit tests, and for commands while no daemon runs. The daemon never loads this file;
 * it would bring the database into the main thread.
 */
import { clientOf, type StoreClient } from './client.ts';
import type { DiskStatus } from './disk.ts';
import { createLanes, type Request } from './lanes.ts';
import { openStore, type StoreOptions } from './store.ts';

/** The same client as over the worker. @throws {StoreError} when the file can't be opened. */
export function openStoreHere(options: StoreOptions): StoreClient {
  const store = openStore(options);
  let commit: (ms: number) => void = () => {};
  let told = store.disk();
  let hear: (disk: DiskStatus) => void = () => {};
  const perform = ({ operation, argument }: Request): unknown => {
    try {
      return (store.operations[operation] as (argument: unknown) => unknown)(argument);
    } finally {
      const disk = store.disk();
      if (disk !== told) hear(disk);
      told = disk;
    }
  };
  const lanes = createLanes(async (request) => {
    const begin = performance.now();
    const value = perform(request);
    if (request.operation === 'write' || request.operation === 'step') commit(store.lastCommitMs());
    return { value, ms: performance.now() - begin };
  });
  return clientOf(lanes, {
    disk: store.disk,
    onDisk: (listener) => {
      hear = listener;
    },
    onCommit: (listener) => {
      commit = listener;
    },
    async pulse() {}, // whoever asks runs in the store's own thread
    async close() {
      await lanes.drain();
      store.close();
    },
  });
}
