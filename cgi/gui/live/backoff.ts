/** How long to wait before the next try to reach the box: soon at first, and never so long that a person gives up. */

const SECONDS = [1, 2, 4, 8, 15, 30] as const;

/** @param failed Tries that failed in a row, from 1 on. @returns seconds. */
export function backoff(failed: number): number {
  return SECONDS[Math.min(Math.max(failed, 1), SECONDS.length) - 1] ?? 30;
}
