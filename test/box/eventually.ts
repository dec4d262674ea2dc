import { setTimeout as sleep } from 'node:timers/promises';

/** A call and its recording are in the lists within 3 s of its end; five times that on a busy machine. */
const SEEN_MS = 15_000;

/** Looks until a list has so many rows. @throws after 15 s, with how many it has. */
export async function seen<T>(list: () => Promise<readonly T[]>, count: number): Promise<readonly T[]> {
  const until = Date.now() + SEEN_MS;
  for (;;) {
    const rows = await list();
    if (rows.length === count) return rows;
    if (Date.now() > until) throw new Error(`${rows.length} rows and not ${count} after ${SEEN_MS} ms`);
    await sleep(200);
  }
}
