/** The watcher's worker: the steps of protocol.ts, typed, over the client that leaves a hung worker behind. */
import type { FilesAnswer, FromWorker, ProbeAnswer, RootAnswer, Step, WorkerSettings } from './protocol.ts';
import { createStepClient, createThreads, type Threads, WorkerLost } from './step-client.ts';

export { WorkerLost };

export interface MediumClient {
  /** Runs one step; never two at a time. Rejects with {@link WorkerLost}. */
  ask(step: Extract<Step, { kind: 'root' }>): Promise<RootAnswer>;
  ask(step: Extract<Step, { kind: 'probe' }>): Promise<ProbeAnswer>;
  ask(step: Exclude<Step, { kind: 'root' | 'probe' }>): Promise<FilesAnswer>;
  /** Workers made after the first. */
  restarts(): number;
  /** Workers left behind that still hang, of all that share the threads. */
  abandoned(): number;
  /** Another worker from the next step on, with the settings of then. */
  renew(why: string): void;
  /** Ends the worker; resolves at once, whatever it is doing. */
  close(): void;
}

export interface MediumClientOptions {
  readonly worker: URL;
  readonly settings: WorkerSettings;
  readonly deadlineMs: number;
  /** Shared with the medium's other worker. */
  readonly threads?: Threads;
  readonly slowMs: number;
  /** A step takes longer than `slowMs`. @returns what is called when it is over. */
  late(): () => void;
  hint(kind: 'files' | 'folder'): void;
  note(message: string, fields: Readonly<Record<string, unknown>>): void;
}

export function createMediumClient(options: MediumClientOptions): MediumClient {
  const { worker, settings, deadlineMs, slowMs, late, threads = createThreads() } = options;
  const client = createStepClient({
    worker,
    settings,
    deadlineMs,
    slowMs,
    late,
    threads,
    onNews(message) {
      const news = message as Extract<FromWorker, { hint: unknown } | { note: unknown }>;
      if ('hint' in news) options.hint(news.hint);
      else options.note(news.note, news.fields);
    },
  });
  return {
    // The worker answers a step with its own kind of answer.
    ask: ((step: Step) => client.ask(step)) as MediumClient['ask'],
    restarts: () => Math.max(0, client.made() - 1),
    abandoned: () => threads.hung.size,
    renew: client.renew,
    close: client.close,
  };
}
