/**
 * The thread that the store works in. It takes as long to come up, with SQLite's code to be compiled, as all that a start
 * has to load besides: so the command line begins it first, before anything is known of the store, and both go side by
 * side. Until it is told to open a file it touches none.
 */
import { SHARE_ENV, Worker } from 'node:worker_threads';

/** Of the worker's heap: its garbage lives for one step. Without the bound a full export added 4 MB more. */
const YOUNG_MB = 2;

export interface StoreThread {
  /** The bundled worker. */
  readonly entry: URL;
  readonly worker: Worker;
  /** Settles when it has ended: with what it died of, or null. */
  readonly ended: Promise<Error | null>;
}

/** @param entry The bundled worker. */
export function startStoreThread(entry: URL): StoreThread {
  const worker = new Worker(entry, {
    env: SHARE_ENV, // the zone that times are told by is set in it once the configuration is read
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  });
  // Not before somebody wants it: a command that fails ends without.
  worker.unref();
  let death: Error | null = null;
  worker.on('error', (error) => {
    death = error;
  });
  return { entry, worker, ended: new Promise((resolve) => worker.once('exit', () => resolve(death))) };
}
