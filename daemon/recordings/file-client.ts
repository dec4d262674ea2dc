/**
 * File work for those who wait for it, one step after another in the order asked. While the medium is away nobody waits:
 * what the watcher knows is told at once; and after a step that hung nobody is let in again until the watcher has proven
 * the medium anew, so that no two requests wait for the same deadline.
 */
import { CgiError } from '../../cgi/reply.ts';
import type { FileAnswer, FileAnswers, FileStep } from './file-protocol.ts';
import { FILES_IDLE_MS, STEP_DEADLINE_MS } from './limits.ts';
import type { MediumLook, WorkerSettings } from './protocol.ts';
import type { Recordings } from './recordings.ts';
import { createStepClient, type Threads, WorkerLost } from './step-client.ts';

export interface FileClient {
  /** @throws {CgiError} `storage_offline` */
  ask<Kind extends FileStep['kind']>(
    step: Extract<FileStep, { kind: Kind }>,
  ): Promise<{ readonly value: FileAnswers[Kind]; readonly medium: MediumLook }>;
  /** @throws {CgiError} `storage_offline` while the medium is away or hangs. */
  check(): void;
  /** Steps waiting or under way. */
  depth(): number;
  /** Whether the worker's thread is there. */
  alive(): boolean;
  close(): void;
}

export interface FileClientOptions {
  /** The bundled `file-worker.mjs`. */
  readonly worker: URL;
  readonly settings: WorkerSettings;
  readonly threads: Threads;
  /** The watcher. */
  medium(): Pick<Recordings, 'state' | 'figures' | 'sweepNow'>;
  readonly deadlineMs?: number;
  readonly idleMs?: number;
}

export function createFileClient(options: FileClientOptions): FileClient {
  const { worker, settings, threads, medium } = options;
  const client = createStepClient({
    worker,
    settings,
    threads,
    deadlineMs: options.deadlineMs ?? STEP_DEADLINE_MS,
    idleMs: options.idleMs ?? FILES_IDLE_MS,
  });
  let turn: Promise<unknown> = Promise.resolve();
  let depth = 0;
  /** A step hung when the watcher had swept so often; null: none has since. */
  let lostAt: number | null = null;
  let lostWhy = '';

  const offline = (why: string) => new CgiError('storage_offline', `the recording medium is not there: ${why}`);

  const check = (): void => {
    const { state, why } = medium().state();
    if (state !== 'mounted') throw offline(why);
    // The sweep that was under way proves nothing about now.
    if (lostAt !== null && medium().figures().sweeps < lostAt + 2) {
      void medium().sweepNow();
      throw offline(lostWhy);
    }
    lostAt = null;
  };

  const perform = async (step: FileStep): Promise<FileAnswer> => {
    check();
    try {
      const answer = (await client.ask(step, step.kind === 'read' ? [step.room] : [])) as FileAnswer;
      if (answer.medium.state === 'mounted') return answer;
      void medium().sweepNow(); // it tells everybody
      throw offline(answer.medium.why);
    } catch (error) {
      if (!(error instanceof WorkerLost)) throw error;
      lostAt = medium().figures().sweeps;
      lostWhy = error.message;
      void medium().sweepNow();
      throw offline(error.message);
    }
  };

  return {
    async ask(step) {
      check();
      depth += 1;
      const mine = turn.then(() => perform(step));
      turn = mine.catch(() => {});
      try {
        return (await mine) as never;
      } finally {
        depth -= 1;
      }
    },
    check,
    depth: () => depth,
    alive: client.alive,
    close: client.close,
  };
}
