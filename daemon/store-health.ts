/** How the disk of the store stands, for `/healthz` and `/metrics`. */
import type { StoreClient } from '../storage/client.ts';
import { DISK_STATES, type DiskStatus } from '../storage/disk.ts';
import type { Metrics } from './metrics.ts';

/** The part `store` of `/healthz`. */
export function storeHealth({ state, why, since, free, reserve }: DiskStatus): Record<string, unknown> {
  return { state, why, since: new Date(since).toISOString(), free_bytes: free, reserve_bytes: reserve };
}

export function describeStore(metrics: Metrics, store: Pick<StoreClient, 'disk'>): void {
  metrics.gauge('cdrd_store_state', 'State of the disk of the store.', () =>
    DISK_STATES.map((state) => [{ state }, store.disk.state === state ? 1 : 0]),
  );
  // Absent where the system doesn't say: a number would be a lie that somebody watches.
  metrics.gauge('cdrd_store_free_bytes', 'Room on the disk of the store, when last looked at.', () =>
    store.disk.free === null ? [] : store.disk.free,
  );
  metrics.counter(
    'cdrd_store_refused_total',
    'Writes that the disk of the store refused, tried or not.',
    () => store.disk.refused,
  );
}
