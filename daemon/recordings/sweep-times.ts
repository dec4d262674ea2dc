/** When the next sweep and the next quick look are due, and a sleep until then which a hint ends. Monotonic milliseconds. */
import { HINT_SWEEP_MS, LOOKS_APART_MS, QUICK_LOOKS_MAX } from './limits.ts';

/** A little more than the distance asked for, because timers may come early by a fraction. */
const SECOND_LOOK_MS = LOOKS_APART_MS + 20;

export interface SweepTimes {
  sweepDue(): boolean;
  quickDue(): boolean;
  /** A sweep as soon as one may follow the last. */
  sweepSoon(): void;
  /** A sweep whatever else was planned. */
  sweepNow(): void;
  /** The same; resolves when that sweep is over, whatever came of it. */
  nextSweep(): Promise<void>;
  /** Quick looks from now on, until nothing settles any more or a bound is reached. */
  quickSoon(): void;
  /** The same for files that need a second look. */
  quickAgainSoon(): void;
  /** A quick look begins. */
  quickBegan(): void;
  /** It left files that need a second one. */
  quickAgain(): void;
  noQuick(): void;
  /** @returns whether somebody waits for this very sweep. */
  sweepBegan(): boolean;
  sweepEnded(): void;
  /** Until something is due, or `wake`. */
  sleep(): Promise<void>;
  wake(): void;
  /** Nobody waits any longer. */
  close(): void;
}

export function createSweepTimes(sweepMs: number, mono: () => number): SweepTimes {
  let nextSweep = 0;
  let lastSweepEnd = Number.NEGATIVE_INFINITY;
  let quickAt = Number.POSITIVE_INFINITY;
  let quickLeft = 0;
  let wake = (): void => {};
  /** Those who wait for the next sweep, and for the one under way. */
  let waiting: (() => void)[] = [];
  let served: (() => void)[] = [];
  let closed = false;

  const quickIn = (delayMs: number): void => {
    quickAt = Math.min(quickAt, mono() + delayMs);
    quickLeft = QUICK_LOOKS_MAX;
  };

  const sweepNow = (): void => {
    nextSweep = mono();
    wake();
  };
  const release = (waiters: (() => void)[]): void => {
    for (const done of waiters.splice(0)) done();
  };

  return {
    sweepDue: () => nextSweep <= mono(),
    quickDue: () => quickAt <= mono(),
    sweepSoon() {
      nextSweep = Math.min(nextSweep, Math.max(mono(), lastSweepEnd + HINT_SWEEP_MS));
      wake();
    },
    sweepNow,
    nextSweep: () =>
      new Promise((resolve) => {
        if (closed) return resolve();
        waiting.push(resolve);
        sweepNow();
      }),
    quickSoon() {
      quickIn(0);
      wake();
    },
    quickAgainSoon: () => quickIn(SECOND_LOOK_MS),
    quickBegan() {
      quickAt = Number.POSITIVE_INFINITY;
      quickLeft -= 1;
    },
    quickAgain() {
      // Bounded, because a file may change between any two looks; the sweep goes on with what is left.
      if (quickLeft > 0) quickAt = Math.min(quickAt, mono() + SECOND_LOOK_MS);
    },
    noQuick() {
      quickAt = Number.POSITIVE_INFINITY;
    },
    sweepBegan() {
      nextSweep = mono() + sweepMs;
      served = waiting;
      waiting = [];
      return served.length > 0;
    },
    sweepEnded() {
      lastSweepEnd = mono();
      // On a slow medium a sweep may outlast its period: the full look must get its turn between two.
      nextSweep = Math.max(nextSweep, lastSweepEnd + HINT_SWEEP_MS);
      release(served);
    },
    sleep: () =>
      new Promise((resolve) => {
        const timer = setTimeout(() => wake(), Math.max(0, Math.min(nextSweep, quickAt) - mono()));
        wake = () => {
          clearTimeout(timer);
          wake = () => {};
          resolve();
        };
      }),
    wake: () => wake(),
    close() {
      closed = true;
      release(served);
      release(waiting);
    },
  };
}
