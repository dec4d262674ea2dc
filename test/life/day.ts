/** The time of a day that passes in minutes: one clock for the simulated PBX here and for the daemon in its process. */
import { fileURLToPath } from 'node:url';
import { type VirtualClock, virtualClock } from '../simulator/clock.ts';

const PRELOAD = fileURLToPath(new URL('fast-clock.mjs', import.meta.url));
/** Real milliseconds between two moves of the PBX's clock: some seconds of its day. */
const TICK_MS = 20;

export interface Day {
  readonly clock: VirtualClock;
  /** For the daemon's command line and its environment. */
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Lets virtual time pass up to so many hours behind the beginning. */
  until(hour: number): Promise<void>;
}

/** @param start Virtual milliseconds since 1970 at the beginning. @param factor Virtual seconds in a real one. */
export function beginDay(start: number, factor: number): Day {
  const began = Date.now();
  const clock = virtualClock(start);
  return {
    clock,
    flags: ['--import', PRELOAD],
    env: { CDRD_FAST_CLOCK: `${began},${start},${factor}` },
    async until(hour) {
      const end = start + hour * 3_600_000;
      while (clock.now() < end) {
        const now = Math.min(end, start + (Date.now() - began) * factor);
        if (now > clock.now()) clock.advance((now - clock.now()) / 1000);
        await new Promise((resolve) => setTimeout(resolve, TICK_MS));
      }
    },
  };
}
