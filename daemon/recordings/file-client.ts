/**
 * File work for those who wait for it, one step after another in the order asked. While the medium is away nobody waits:
 * what the watcher knows is told at once; while it is slow nobody waits for long, though the step goes on; and after a step
 * that hung nobody is let in again until the watcher has proven the medium anew, so that no two requests wait for the same
 * deadline.
 */
import { CgiError } from '../../cgi/reply.ts';
import type { FileAnswer, FileAnswers, FileRequest, FileStep } from './file-protocol.ts';
import { FILE_WAIT_MS, FILES_IDLE_MS, SLOW_MS, STEP_DEADLINE_MS } from './limits.ts';
import type { MediumLook, WorkerSettings } from './protocol.ts';
import { isThere, type Recordings } from './recordings.ts';
import { createStepClient, type Threads, WorkerLost } from './step-client.ts';

export interface FileClient {
  /**
   * On the medium that the watcher has proven by this moment, and on no other that may be in its place when the step's turn
   * comes. @throws {CgiError} `storage_offline`
   */
  ask<Kind extends FileStep['kind']>(
    step: Extract<FileStep, { kind: Kind }>,
  ): Promise<{ readonly value: FileAnswers[Kind]; readonly medium: MediumLook }>;
  /** @throws {CgiError} `storage_offline` while the medium is away or hangs. */
  check(): void;
  /** Steps waiting or under way. */
  depth(): number;
  /** Whether the worker's thread is there. */
  alive(): boolean;
  /** From the next step on in another folder; a step under way is lost. */
  moveTo(dir: string): void;
  close(): void;
}

export interface FileClientOptions {
  /** The bundled `file-worker.mjs`. */
  readonly worker: URL;
  readonly settings: WorkerSettings;
  readonly threads: Threads;
  /** The watcher. */
  medium(): Pick<Recordings, 'state' | 'figures' | 'sweepNow' | 'late'>;
  readonly deadlineMs?: number;
  readonly slowMs?: number;
  readonly waitMs?: number;
  readonly idleMs?: number;
}

export function createFileClient(options: FileClientOptions): FileClient {
  const { worker, threads, medium, waitMs = FILE_WAIT_MS } = options;
  const where = { ...options.settings };
  const client = createStepClient({
    worker,
    settings: where,
    threads,
    deadlineMs: options.deadlineMs ?? STEP_DEADLINE_MS,
    slowMs: options.slowMs ?? SLOW_MS,
    late: () => medium().late(),
    idleMs: options.idleMs ?? FILES_IDLE_MS,
  });
  let turn: Promise<unknown> = Promise.resolve();
  let depth = 0;
  /** A step hung when the watcher had swept so often; null: none has since. */
  let lostAt: number | null = null;
  let lostWhy = '';

  const offline = (why: string) => new CgiError('storage_offline', `the recording medium is not there: ${why}`);

  const check = (): void => {
    const state = medium().state();
    if (!isThere(state)) throw offline(state.why);
    // The sweep that was under way proves nothing about now.
    if (lostAt !== null && medium().figures().sweeps < lostAt + 2) {
      void medium().sweepNow();
      throw offline(lostWhy);
    }
    lostAt = null;
  };

  const perform = async (request: FileRequest): Promise<FileAnswer> => {
    const { step } = request;
    check();
    try {
      const answer = (await client.ask(request, step.kind === 'read' ? [step.room] : [])) as FileAnswer;
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

  /**
   * Somebody waits who has been answered nothing yet: on a medium that is slow he is told so in time. Behind many readers
   * of one that answers he waits his turn.
   */
  const inTime = async (mine: Promise<FileAnswer>): Promise<FileAnswer> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setInterval(() => {
        if (medium().state().state !== 'mounted') reject(offline(`it takes over ${waitMs / 1000} s to answer`));
      }, waitMs);
    });
    try {
      return await Promise.race([mine, late]);
    } finally {
      clearInterval(timer);
    }
  };

  return {
    async ask(step) {
      check();
      depth += 1;
      const { place = '' } = medium().state();
      const mine = turn.then(() => perform({ step, place }));
      const over = () => {
        depth -= 1;
      };
      turn = mine.then(over, over);
      return (await (step.kind === 'look' || step.kind === 'peaks' ? inTime(mine) : mine)) as never;
    },
    check,
    depth: () => depth,
    alive: client.alive,
    moveTo(dir) {
      where.dir = dir;
      client.renew('the recordings have moved to another place');
    },
    close: client.close,
  };
}
