/**
 * The main thread's end of the medium's worker: one step at a time, each with a deadline. A worker that doesn't answer is
 * left behind, never waited for (a thread stuck in a file call can't be ended), and replaced at the next step.
 */
import { Worker } from 'node:worker_threads';
import { ABANDONED_MAX, WORKER_HEAP_MB } from './limits.ts';
import type { Answer, FilesAnswer, FromWorker, Request, RootAnswer, Step, WorkerSettings } from './protocol.ts';

/** The worker hung, crashed or can't be had: whatever it remembered is lost. The message says why, for people. */
export class WorkerLost extends Error {}

export interface MediumClient {
  /** Runs one step; never two at a time. Rejects with {@link WorkerLost}. */
  ask(step: Extract<Step, { kind: 'root' }>): Promise<RootAnswer>;
  ask(step: Exclude<Step, { kind: 'root' }>): Promise<FilesAnswer>;
  /** Workers made after the first. */
  restarts(): number;
  /** Workers left behind that still hang. */
  abandoned(): number;
  /** Ends the worker; resolves at once, whatever it is doing. */
  close(): void;
}

export interface MediumClientOptions {
  readonly worker: URL;
  readonly settings: WorkerSettings;
  readonly deadlineMs: number;
  hint(kind: 'files' | 'folder'): void;
  note(message: string, fields: Readonly<Record<string, unknown>>): void;
}

interface Waiting {
  readonly id: number;
  readonly done: (answer: Answer) => void;
  readonly fail: (why: string) => void;
}

export function createMediumClient(options: MediumClientOptions): MediumClient {
  let current: Worker | undefined;
  let waiting: Waiting | undefined;
  let made = 0;
  let lastId = 0;
  let closed = false;
  const abandoned = new Set<Worker>();

  const end = (worker: Worker) => {
    // terminate() waits for the thread and keeps the process alive meanwhile; a stuck thread never ends.
    worker.terminate().catch(() => {});
    worker.unref();
  };

  const heard = (worker: Worker, message: FromWorker) => {
    if (abandoned.delete(worker)) return end(worker); // it came back after all; its answer is out of date
    if (worker !== current) return;
    if ('hint' in message) return options.hint(message.hint);
    if ('note' in message) return options.note(message.note, message.fields);
    if (message.id !== waiting?.id) return;
    if ('failed' in message) waiting.fail(message.failed);
    else waiting.done(message.answer);
  };

  const ended = (worker: Worker, why: string) => {
    abandoned.delete(worker);
    if (worker !== current) return;
    current = undefined;
    waiting?.fail(why);
  };

  const make = (): Worker => {
    const worker = new Worker(options.worker, {
      workerData: options.settings,
      resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB, maxYoungGenerationSizeMb: 2 },
    });
    worker.on('message', (message: FromWorker) => heard(worker, message));
    worker.on('error', (error) => ended(worker, `the worker of the medium failed: ${error.message}`));
    worker.on('exit', (code) => ended(worker, `the worker of the medium ended with ${code}`));
    worker.unref();
    made += 1;
    return worker;
  };

  const abandon = () => {
    if (!current) return;
    abandoned.add(current);
    current = undefined;
  };

  const ask = (step: Step): Promise<Answer> =>
    new Promise((resolve, reject) => {
      if (closed) return reject(new WorkerLost('closed'));
      if (!current && abandoned.size >= ABANDONED_MAX) {
        return reject(new WorkerLost(`the medium does not answer; ${abandoned.size} threads still wait for it`));
      }
      try {
        current ??= make();
      } catch (error) {
        return reject(new WorkerLost(error instanceof Error ? error.message : String(error)));
      }
      lastId += 1;
      const timer = setTimeout(() => {
        abandon();
        finish(() => reject(new WorkerLost(`the medium did not answer within ${options.deadlineMs / 1000} s`)));
      }, options.deadlineMs);
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        waiting = undefined;
        settle();
      };
      waiting = {
        id: lastId,
        done: (answer) => finish(() => resolve(answer)),
        fail: (why) => finish(() => reject(new WorkerLost(why))),
      };
      const request: Request = { id: lastId, step };
      current.postMessage(request);
    });

  return {
    // The worker answers a step with its own kind of answer.
    ask: ask as MediumClient['ask'],
    restarts: () => Math.max(0, made - 1),
    abandoned: () => abandoned.size,
    close() {
      closed = true;
      waiting?.fail('closed');
      if (current) end(current);
      for (const worker of abandoned) end(worker);
      current = undefined;
    },
  };
}
