/**
 * Gives a thread's memory back while it rests. V8 collects when it needs room, not when there is none of it left to need:
 * a thread that has loaded its code, or been through a full export, and then rests keeps the pages of its garbage for good,
 * 1 to 4 MB in each of ours. So a thread that has grown and has rested for a while collects once, and moves what lives
 * together.
 */
import { performance } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Has V8 collect when a heap of any thread has grown by a little since its last collection, not to four times of it: by a
 * tenth or by 8 MB, whichever is more. With a young generation of 1 MB much garbage is old before it is garbage, and under
 * load, where no thread rests, that was what memory rose by: 35 MB in five minutes, most of it the main thread's. Holds for
 * the process, from now on.
 */
export function growSlowly(): void {
  setFlagsFromString('--optimize-for-size');
  // A young generation of 1 MB is collected in the time that helping threads take to wake: 7 % less work alone on two cores,
  // and where others have these the pause waited for the helpers.
  setFlagsFromString('--no-parallel-scavenge');
}

/**
 * Has V8 show its collector to each thread that begins from now on. Where one runs already it takes a second context to get
 * at it, which outlives the collection that it asks for: 140 kB.
 */
export function showCollector(): void {
  setFlagsFromString('--expose-gc');
}

/** How long it must have rested. */
const REST_MS = 10_000;
/** Part of that in which it may have worked all the same: a probe of the medium, an answer to /healthz. */
const REST_WORK = 0.02;
/** Bytes that the heap must have grown by since the last time: less isn't worth the 10 to 20 ms. */
const GROWN_BYTES = 1_048_576;

export interface Compaction {
  /** Of the last time, milliseconds; null: there was none yet. */
  readonly lastMs: number | null;
  stop(): void;
}

/** Looks after the thread that calls it, until it ends. It keeps no process alive. */
export function compactAtRest({ restMs = REST_MS, grownBytes = GROWN_BYTES } = {}): Compaction {
  let before = performance.eventLoopUtilization();
  let held = 0;
  let lastMs: number | null = null;
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    if (utilization > REST_WORK || getHeapStatistics().total_physical_size < held + grownBytes) return;
    const begun = performance.now();
    compact();
    lastMs = performance.now() - begun;
    held = getHeapStatistics().total_physical_size;
    before = performance.eventLoopUtilization(); // its own work is none
  }, restMs);
  timer.unref();
  return {
    get lastMs() {
      return lastMs;
    },
    stop: () => clearInterval(timer),
  };
}

/**
 * Each thread does this by itself, and V8's flags are the process's. The collector, once shown, stays so: hidden again, it
 * was gone for another thread that was about to call it, which ended the daemon. That each collection moves what lives
 * together is asked for this one alone, for it would make each of V8's own longer; where two threads collect at once, one
 * may do without.
 */
function compact(): void {
  showCollector();
  const collect = globalThis.gc ?? (runInNewContext('gc') as () => void);
  setFlagsFromString('--compact-on-every-full-gc');
  try {
    collect();
  } finally {
    setFlagsFromString('--no-compact-on-every-full-gc');
  }
}
