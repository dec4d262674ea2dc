/**
 * File work for those who wait for it, one step after another in the order asked; what only looks and reads goes several
 * steps to a message. While the medium is away nobody waits:
 * what the watcher knows is told at once; while it is slow nobody waits for long, though the step goes on; and after a step
 * that hung nobody is let in again until the watcher has proven the medium anew, so that no two requests wait for the same
 * deadline.
 */
import { CgiError } from '../../cgi/reply.ts';
import {
  type FileAnswer,
  type FileAnswers,
  type FileReplies,
  type FileRequest,
  type FileStep,
  SHORT,
} from './file-protocol.ts';
import { FILE_WAIT_MS, FILES_IDLE_MS, ROOMS_BYTES, SLOW_MS, STEP_DEADLINE_MS, STEPS_MAX } from './limits.ts';
import type { MediumLook, WorkerSettings } from './protocol.ts';
import { isThere, type Recordings } from './recordings.ts';
import { createStepClient, type Threads, WorkerLost } from './step-client.ts';

export interface FileClient {
  /**
   * On the medium that the watcher has proven by this moment, and on no other that may be in its place when the step's turn
   * comes.
   * @param memory Of a step that reads. It comes with the answer; where there is none it is lost.
   * @throws {CgiError} `storage_offline`
   */
  ask<Kind extends FileStep['kind']>(
    step: Extract<FileStep, { kind: Kind }>,
    memory?: StepMemory,
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

/** What a step reads into. */
export interface StepMemory {
  readonly bytes: number;
  /** Called when the step's turn has come: who only waits holds none. */
  take(): ArrayBuffer;
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

/** Somebody's step that has no answer yet. */
interface Waiting {
  readonly step: FileStep;
  readonly place: string;
  readonly memory: StepMemory | undefined;
  /** What it got of that when its turn had come, which then didn't last. */
  room: ArrayBuffer | undefined;
  /** Monotonic milliseconds. */
  readonly since: number;
  readonly resolve: (answer: FileAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/** Steps of those who have been answered nothing yet. */
const UNANSWERED: ReadonlySet<FileStep['kind']> = new Set(['look', 'open', 'peaks']);
/** Looks at them within the time that they wait. */
const LOOKS = 5;

function requestOf({ step, place, memory, room = memory?.take() }: Waiting): FileRequest {
  return { step, place, ...(room && { room }) };
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
  const queue: Waiting[] = [];
  let sending = false;
  let depth = 0;
  /** Of those who wait, who has been answered nothing yet. */
  const unanswered = new Set<Waiting>();
  let look: NodeJS.Timeout | undefined;
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

  /** The first that waits; if it is a short one, those behind it, too, as far as there is memory for all at a time. */
  const batch = (): Waiting[] => {
    const isShort = (waiting: Waiting | undefined) => waiting !== undefined && SHORT.has(waiting.step.kind);
    if (!isShort(queue[0])) return queue.splice(0, 1);
    let count = 0;
    for (let bytes = 0; count < STEPS_MAX && bytes < ROOMS_BYTES && isShort(queue[count]); count += 1)
      bytes += queue[count]?.memory?.bytes ?? 0;
    return queue.splice(0, count);
  };

  const over = (waiting: Waiting, answer: FileAnswer | null, error?: unknown): void => {
    depth -= 1;
    unanswered.delete(waiting);
    if (answer) waiting.resolve(answer);
    else waiting.reject(error);
  };

  const send = async (asked: readonly Waiting[]): Promise<void> => {
    check();
    const requests = asked.map(requestOf);
    const rooms = requests.flatMap(({ room }) => room ?? []);
    try {
      const { answers, rest } = (await client.ask(requests, rooms)) as FileReplies;
      for (const [n, waiting] of asked.entries()) {
        const answer = answers[n];
        if (!answer) continue;
        if (answer.medium.state === 'mounted') over(waiting, answer);
        else {
          void medium().sweepNow(); // it tells everybody
          over(waiting, null, offline(answer.medium.why));
        }
      }
      const undone = asked.slice(answers.length);
      for (const [n, waiting] of undone.entries()) waiting.room = rest[n];
      queue.unshift(...undone);
    } catch (error) {
      if (!(error instanceof WorkerLost)) throw error;
      lostAt = medium().figures().sweeps;
      lostWhy = error.message;
      void medium().sweepNow();
      throw offline(error.message);
    }
  };

  /** One message at a time. Whatever is asked for in one turn of the loop goes in one. */
  const sendAll = async (): Promise<void> => {
    sending = true;
    await new Promise(setImmediate);
    for (let asked = batch(); asked.length > 0; asked = batch()) {
      try {
        await send(asked);
      } catch (error) {
        for (const waiting of asked) over(waiting, null, error);
      }
    }
    sending = false;
  };

  /**
   * Somebody waits who has been answered nothing yet: on a medium that is slow he is told so in time, and the step goes on.
   * Behind many readers of one that answers he waits his turn.
   */
  const tellInTime = (waiting: Waiting): void => {
    unanswered.add(waiting);
    look ??= setInterval(() => {
      if (unanswered.size === 0) {
        clearInterval(look);
        look = undefined;
      } else if (medium().state().state !== 'mounted') {
        for (const each of unanswered) {
          if (performance.now() - each.since < waitMs) break; // all others came later
          unanswered.delete(each);
          each.reject(offline(`it takes over ${waitMs / 1000} s to answer`));
        }
      }
    }, waitMs / LOOKS).unref();
  };

  return {
    async ask(step, memory) {
      check();
      const { place = '' } = medium().state();
      return new Promise<FileAnswer>((resolve, reject) => {
        const waiting = { step, place, memory, room: undefined, since: performance.now(), resolve, reject };
        queue.push(waiting);
        depth += 1;
        if (UNANSWERED.has(step.kind)) tellInTime(waiting);
        if (!sending) void sendAll();
      }) as never;
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
