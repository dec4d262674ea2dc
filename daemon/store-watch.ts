/**
 * Watches over the disk of the store: has it probed now and then, tells each change of its state once, in the log and on
 * the bus. Whoever holds something back for the store waits for that, and needs no timer of his own.
 */
import type { StoreClient } from '../storage/client.ts';
import type { DiskStatus } from '../storage/disk.ts';
import { StoreError } from '../storage/errors.ts';
import type { Bus } from './bus.ts';
import { storeLimits } from './limits.ts';
import type { Log } from './log.ts';

export interface StoreWatchOptions {
  readonly store: Pick<StoreClient, 'disk' | 'onDisk' | 'work'>;
  readonly bus: Bus;
  readonly log: Log;
  readonly probeMs?: number;
}

/** @returns how to stop; settles when the probe under way has ended. */
export function watchStore({ store, bus, log, probeMs = storeLimits.probeMs }: StoreWatchOptions): () => Promise<void> {
  let told: DiskStatus['state'] = 'ok';
  let probe: Promise<void> | null = null;

  function hear(disk: DiskStatus): void {
    if (disk.state === told) return;
    told = disk.state;
    const { state, why, free, refused } = disk;
    if (state === 'ok') log.info('the disk of the store takes writes again', { free, refused });
    else log.error('the disk of the store refuses: new records are not stored, reading goes on', { state, why, free });
    bus.emit('store', disk);
  }

  async function look(): Promise<void> {
    try {
      await store.work('probeDisk');
    } catch (error) {
      // Busy: it is asked again. Closed: this ends with it. What a disk says is no error here, but its state.
      if (!(error instanceof StoreError)) log.error('the store could not be probed', { error });
    }
  }

  store.onDisk(hear);
  hear(store.disk);
  const beat = setInterval(() => {
    probe ??= look().finally(() => {
      probe = null;
    });
  }, probeMs);
  beat.unref();
  return async () => {
    clearInterval(beat);
    await probe;
  };
}
