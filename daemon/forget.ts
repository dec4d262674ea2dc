/** Walks through what has gone for good, by night: whatever nobody can ask for any more is forgotten. */
import { setTimeout as pause } from 'node:timers/promises';
import type { StoreClient } from '../storage/client.ts';
import type { Forgetting } from '../storage/store.ts';

/** Milliseconds between two steps: nobody waits for it, and each is a commit. */
const PAUSE_MS = 20;

export async function forget(store: Pick<StoreClient, 'work'>, signal: AbortSignal): Promise<void> {
  let at: Forgetting | null = { table: 'recording', trash: 0, id: 0 };
  while (at && !signal.aborted) {
    at = await store.work('forget', at);
    if (at) await pause(PAUSE_MS);
  }
}
