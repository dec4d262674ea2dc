/**
 * Each change of the medium gets its place in the outbox, so that who was away is told of it too, and is told with it. What
 * a start finds as it was before is none.
 */
import type { StoreClient } from '../storage/client.ts';
import type { MediumChange } from '../storage/store.ts';
import type { Bus } from './bus.ts';
import type { Log } from './log.ts';

export interface MediumChangesOptions {
  readonly store: Pick<StoreClient, 'write'>;
  readonly bus: Bus;
  readonly log: Pick<Log, 'warn'>;
}

export function keepMediumChanges({ store, bus, log }: MediumChangesOptions): void {
  bus.on('medium', ({ state, why, writable, device = '', medium = null }) => {
    const change: MediumChange = { state, why, writable, device, medium };
    store.write({ kind: 'mediumChanged', change }).then(
      (written) => {
        if (written.change !== null) bus.emit('mediumChange', change, written.change);
      },
      (error: unknown) => log.warn('a change of the medium could not be kept', { state, error }),
    );
  });
}
