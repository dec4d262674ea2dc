/**
 * The store in this very thread: for unit tests, and for commands while no daemon runs. The daemon never loads this file;
 * it would bring the database into the main thread.
 */
import { clientOf, type StoreClient } from './client.ts';
import { createLanes } from './lanes.ts';
import { openStore, type StoreOptions } from './store.ts';

/** The same client as over the worker. @throws {StoreError} when the file can't be opened. */
export function openStoreHere(options: StoreOptions): StoreClient {
  const store = openStore(options);
  let commit: (ms: number) => void = () => {};
  const lanes = createLanes(async ({ operation, argument }) => {
    const begin = performance.now();
    const value = (store.operations[operation] as (argument: unknown) => unknown)(argument);
    if (operation === 'write' || operation === 'step') commit(store.lastCommitMs());
    return { value, ms: performance.now() - begin };
  });
  return clientOf(lanes, {
    onCommit: (listener) => {
      commit = listener;
    },
    async close() {
      await lanes.drain();
      store.close();
    },
  });
}
