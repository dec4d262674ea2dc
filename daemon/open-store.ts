/** Opens the store as a start needs it: a damaged one is replaced by a backup, and its disk is watched over. */
import { openStoreWorker, type StoreClient, workOnFile } from '../storage/client.ts';
import type { StoreError } from '../storage/errors.ts';
import { REPLACED, type Replacement } from '../storage/replaced.ts';
import type { StoreThread } from '../storage/store-thread.ts';
import { openMedia } from './backup/media.ts';
import { noteDamage, openOrRecover } from './backup/recover.ts';
import type { Bus } from './bus.ts';
import type { Config } from './config.ts';
import type { Log } from './log.ts';
import type { Threads } from './recordings/step-client.ts';
import { databaseFile, storeOptions } from './state.ts';
import { watchStore } from './store-watch.ts';

export interface OpenStoreOptions {
  readonly config: Config;
  readonly workers: { readonly store: URL; readonly files: URL };
  /** Of the store, begun before; absent: one is begun. */
  readonly storeThread?: StoreThread | undefined;
  /** Of the medium, on which the newest backup may lie. */
  readonly threads: Threads;
  readonly bus: Bus;
  readonly log: Log;
  /** Its thread has ended by itself, or it is damaged. */
  onDeath(error: Error): void;
}

export interface OpenedStore {
  readonly store: StoreClient;
  /** When and why another took the place of the store, now or at an earlier start; null: never. */
  readonly replacement: Replacement | null;
  /** Somebody else than its thread has met damage in it. */
  onDamage(error: StoreError): void;
  close(): Promise<void>;
}

/** @throws {StoreError} when it can't be opened and nothing can take its place. */
export async function openStore(options: OpenStoreOptions): Promise<OpenedStore> {
  const store = await openOrReplace(options);
  const { bus, log } = options;
  const unwatch = watchStore({ store, bus, log });
  const close = async () => {
    await unwatch();
    await store.close();
  };
  try {
    const replacement = (await store.ask('setting', REPLACED)) as Replacement | null;
    const onDamage = (error: StoreError) => {
      noteDamage({ stateDir: options.config.state.dir, log, now }, error);
      options.onDeath(error);
    };
    return { store, replacement, onDamage, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openOrReplace({
  config,
  workers,
  storeThread,
  threads,
  log,
  onDeath,
}: OpenStoreOptions): Promise<StoreClient> {
  let begun = storeThread;
  const media = openMedia(config, workers.files, threads);
  try {
    return await openOrRecover({
      file: databaseFile(config.state.dir),
      stateDir: config.state.dir,
      open(died) {
        const thread = begun ?? workers.store;
        begun = undefined; // what takes the place of a damaged store is opened by another
        return openStoreWorker(storeOptions(config), thread, died);
      },
      work: (operation, argument) => workOnFile(workers.store, operation, argument),
      log: log.child('store'),
      now,
      media: media.asks,
      onDeath,
    });
  } finally {
    media.close();
  }
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}
