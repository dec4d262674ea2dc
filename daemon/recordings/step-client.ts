/**
 * The main thread's end of a worker on the medium: one step at a time, each with a deadline. A worker that doesn't answer
 * is left behind, never waited for (a thread stuck in a file call can't be ended), and replaced at the next step. All
 * workers of one medium share their {@link Threads}: whatever hangs, no more than two of them do.
 */
import { Worker } from 'node:worker_threads';
import { ABANDONED_MAX, WORKER_HEAP_MB } from './limits.ts';

/** The worker hung, crashed or can't be had: whatever it remembered is lost. The message says why, for people. */
export class WorkerLost extends Error {}

/** The threads that are in a call on the medium, or hang in one. */
export interface Threads {
  /** Workers left behind that still hang, and those that were ended in the middle of a step and haven't ended yet. */
  readonly hung: Set<Worker>;
  /** Whether any hangs still after so many milliseconds: nothing but SIGKILL ends the process then. */
  stuck(ms: number): Promise<boolean>;
  /** Waits until one more step may begin: with it no more than {@link ABANDONED_MAX} threads can come to hang. @throws {WorkerLost} */
  enter(): Promise<void>;
  /** The step is over, whatever came of it. */
  leave(): void;
}

export function createThreads(): Threads {
  const hung = new Set<Worker>();
  const waiting: (() => void)[] = [];
  let inside = 0;
  return {
    hung,
    async stuck(ms) {
      let late: NodeJS.Timeout | undefined;
      const ended = [...hung].map((worker) => new Promise((resolve) => worker.once('exit', resolve)));
      await Promise.race([Promise.all(ended), new Promise((resolve) => (late = setTimeout(resolve, ms)))]);
      clearTimeout(late);
      return hung.size > 0;
    },
    async enter() {
      // A step that is waited for ends by its deadline, and then it hangs or there is room.
      while (hung.size < ABANDONED_MAX && hung.size + inside >= ABANDONED_MAX)
        await new Promise<void>((resolve) => waiting.push(resolve));
      if (hung.size >= ABANDONED_MAX)
        throw new WorkerLost(`the medium does not answer; ${hung.size} threads still wait for it`);
      inside += 1;
    },
    leave() {
      inside -= 1;
      for (const next of waiting.splice(0)) next();
    },
  };
}

export interface StepClientOptions {
  readonly worker: URL;
  /** Handed to the worker as its workerData: what stands in it when the worker is made. */
  readonly settings: unknown;
  readonly deadlineMs: number;
  readonly slowMs: number;
  /** The step under way takes longer than `slowMs`. @returns what is called when it is over, whatever came of it. */
  late(): () => void;
  readonly threads: Threads;
  /** What the worker says unasked. */
  onNews?(message: unknown): void;
  /** After so many milliseconds without a step the worker is ended: it costs memory. Absent: never. */
  readonly idleMs?: number;
}

export interface StepClient {
  /** Runs one step; never two at a time. Rejects with {@link WorkerLost}. @param transfer What the worker gets for good. */
  ask(step: unknown, transfer?: readonly ArrayBuffer[]): Promise<unknown>;
  /** Workers made so far. */
  made(): number;
  /** Whether a worker is there, and whether a step is under way. */
  alive(): boolean;
  busy(): boolean;
  /** Another worker from the next step on, with the settings of then; a step under way is lost. @param why For people. */
  renew(why: string): void;
  /** Ends the worker; resolves at once, whatever it is doing. */
  close(): void;
}

type Heard = { readonly id: number; readonly answer: unknown } | { readonly id: number; readonly failed: string };

interface Waiting {
  readonly id: number;
  readonly done: (answer: unknown) => void;
  readonly fail: (why: string) => void;
}

/**
 * A timer that is made once and set anew for each step: three that are made and cleared cost more than the message. It may
 * ring when its step is over. It keeps no process alive.
 */
function createAlarm(ms: number, ring: () => void) {
  let timer: NodeJS.Timeout | undefined;
  return {
    set: () => (timer = timer?.refresh() ?? setTimeout(ring, ms).unref()),
    unref: () => timer?.unref(),
  };
}

export function createStepClient(options: StepClientOptions): StepClient {
  const { threads } = options;
  let current: Worker | undefined;
  let waiting: Waiting | undefined;
  let made = 0;
  let lastId = 0;
  let closed = false;
  const own = new Set<Worker>();

  const end = (worker: Worker) => {
    // terminate() waits for the thread and keeps the process alive meanwhile; a stuck thread never ends.
    worker.terminate().catch(() => {});
    worker.unref();
  };

  const heard = (worker: Worker, message: Heard | object) => {
    if (threads.hung.delete(worker)) {
      own.delete(worker);
      return end(worker); // it came back after all; its answer is out of date
    }
    if (worker !== current) return;
    if (!('id' in message)) return options.onNews?.(message);
    if (message.id !== waiting?.id) return;
    if ('failed' in message) waiting.fail(message.failed);
    else waiting.done(message.answer);
  };

  const ended = (worker: Worker, why: string) => {
    threads.hung.delete(worker);
    own.delete(worker);
    if (worker !== current) return;
    current = undefined;
    waiting?.fail(why);
  };

  const make = (): Worker => {
    const worker = new Worker(options.worker, {
      workerData: options.settings,
      resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB, maxYoungGenerationSizeMb: 2 },
    });
    worker.on('message', (message: Heard | object) => heard(worker, message));
    worker.on('error', (error) => ended(worker, `the worker of the medium failed: ${error.message}`));
    worker.on('exit', (code) => ended(worker, `the worker of the medium ended with ${code}`));
    worker.unref();
    made += 1;
    return worker;
  };

  const abandon = () => {
    if (!current) return;
    threads.hung.add(current);
    own.add(current);
    current = undefined;
  };

  const letGo = (why: string) => {
    // In the middle of a step it may hang, though its deadline is not over; until it has ended nobody knows.
    if (waiting) abandon();
    else if (current) end(current);
    current = undefined;
    waiting?.fail(why);
  };

  let over = () => {};
  const slow = createAlarm(options.slowMs, () => {
    if (waiting) over = options.late();
  });
  const deadline = createAlarm(options.deadlineMs, () => {
    if (!waiting) return;
    abandon();
    waiting.fail(`the medium did not answer within ${options.deadlineMs / 1000} s`);
  });
  const idle = createAlarm(options.idleMs ?? 0, () => {
    if (!current || waiting) return;
    end(current);
    current = undefined;
  });

  const step = (what: unknown, transfer: readonly ArrayBuffer[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (closed) return reject(new WorkerLost('closed'));
      try {
        current ??= make();
      } catch (error) {
        return reject(new WorkerLost(error instanceof Error ? error.message : String(error)));
      }
      lastId += 1;
      slow.set();
      deadline.set().ref(); // a process that only waits for this step goes on
      const finish = (settle: () => void) => {
        deadline.unref();
        over();
        over = () => {};
        waiting = undefined;
        settle();
      };
      waiting = {
        id: lastId,
        done: (answer) => finish(() => resolve(answer)),
        fail: (why) => finish(() => reject(new WorkerLost(why))),
      };
      current.postMessage({ id: lastId, step: what }, transfer);
    });

  return {
    async ask(what, transfer = []) {
      await threads.enter();
      try {
        return await step(what, transfer);
      } finally {
        threads.leave();
        if (!closed && options.idleMs !== undefined) idle.set();
      }
    },
    made: () => made,
    alive: () => current !== undefined,
    busy: () => waiting !== undefined,
    renew: letGo,
    close() {
      closed = true;
      letGo('closed');
      for (const worker of own) end(worker);
    },
  };
}
