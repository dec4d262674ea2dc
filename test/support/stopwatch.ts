/**
 * Times that are promised, measured beside busy neighbours: what a machine that does nothing else would show. Linux counts
 * for how long a thread was ready and had no core (the second figure of schedstat); that is left out, for main threads.
 */
import { readFileSync } from 'node:fs';

/** Milliseconds for which the main threads of these processes waited for a core; 0 on a kernel that doesn't count. */
function waited(pids: readonly number[]): number {
  let nanoseconds = 0;
  for (const pid of pids) {
    try {
      nanoseconds += Number(readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ')[1]);
    } catch {}
  }
  return nanoseconds / 1e6;
}

/** @param others Processes that take part, besides this one. @returns what gives the milliseconds since. */
export function stopwatch(...others: readonly number[]): () => number {
  const pids = [process.pid, ...others];
  const before = waited(pids);
  const begin = performance.now();
  return () => performance.now() - begin - (waited(pids) - before);
}
