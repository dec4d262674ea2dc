/**
 * The simulator's time: the real one, or a virtual one that moves only when a test says so. Under the virtual clock a
 * call of ten minutes takes a millisecond, and the same seed gives the same bytes.
 */
import { MAX_TASKS_PER_ADVANCE } from './limits.ts';

export interface Clock {
  /** True when time moves only by `advance`; files then get the virtual time as their mtime. */
  readonly virtual: boolean;
  /** Milliseconds since 1970 UTC. */
  now(): number;
  /** Runs `task` once, `ms` from now. Returns a function that cancels it. */
  after(ms: number, task: () => void): () => void;
}

export interface VirtualClock extends Clock {
  readonly virtual: true;
  /** Lets `seconds` pass and runs, in order of time, everything that falls due, before it returns. */
  advance(seconds: number): void;
}

/** The machine's clock. A waiting task keeps the process alive: main.ts cancels all by `close`. */
export function realClock(): Clock {
  return {
    virtual: false,
    now: () => Date.now(),
    after: (ms, task) => {
      const timer = setTimeout(task, ms);
      return () => clearTimeout(timer);
    },
  };
}

interface Task {
  readonly due: number;
  readonly run: () => void;
}

/** A clock that stands at `startMs` (milliseconds since 1970 UTC) until it is advanced. */
export function virtualClock(startMs: number): VirtualClock {
  let now = startMs;
  const tasks: Task[] = [];

  /** Keeps `tasks` in order of time, and of arrival where the time is the same. */
  const insert = (task: Task): void => {
    let low = 0;
    let high = tasks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = tasks[middle];
      if (other !== undefined && other.due <= task.due) low = middle + 1;
      else high = middle;
    }
    tasks.splice(low, 0, task);
  };

  return {
    virtual: true,
    now: () => now,
    after: (ms, run) => {
      const task = { due: now + Math.max(0, ms), run };
      insert(task);
      return () => {
        const index = tasks.indexOf(task);
        if (index >= 0) tasks.splice(index, 1);
      };
    },
    advance: (seconds) => {
      const end = now + Math.round(seconds * 1000);
      for (let ran = 0; ; ran += 1) {
        if (ran > MAX_TASKS_PER_ADVANCE) throw new Error('virtual clock: tasks repeat without letting time pass');
        const next = tasks[0];
        if (next === undefined || next.due > end) break;
        tasks.shift();
        now = next.due;
        next.run();
      }
      now = end;
    },
  };
}
