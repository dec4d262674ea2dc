/**
 * The recordings folder: look first, then watch, then sweep. A full look at start and after every remount finds what was
 * missed; hints from the kernel make today's finished recordings known in under a second; the sweep is the truth. What is
 * found or proven gone is told to the index; nothing is ever called gone while the medium isn't proven alive.
 */
import { isDiskFault } from '../../storage/errors.ts';
import type { Log } from '../log.ts';
import { createFolderQueue } from './folder-queue.ts';
import { CLOSE_MS, SLOW_MS, STEP_DEADLINE_MS } from './limits.ts';
import { createLooks, type LookFigures, MediumChanged } from './looks.ts';
import { createMediumClient, WorkerLost } from './medium-client.ts';
import { createMediumState, isThere, type MediumState, NOT_LOOKED_AT } from './medium-state.ts';
import { demandsMount } from './mountinfo.ts';
import { createProbeTurns, type ProbePeriods } from './probe-turns.ts';
import type { RequireMount, Space } from './protocol.ts';
import type { RecordingIndex } from './recording-index.ts';
import type { Threads } from './step-client.ts';
import { createSweepTimes } from './sweep-times.ts';

export { isThere, type MediumState } from './medium-state.ts';
export type { FoundRecording, RequireMount } from './protocol.ts';
export type { RecordingIndex } from './recording-index.ts';

export interface RecordingsOptions {
  /** The recordings folder, absolute, until it moves. */
  readonly dir: string;
  readonly requireMount: RequireMount;
  readonly sweepSeconds: number;
  /** The bundled `medium-worker.mjs`. */
  readonly worker: URL;
  /** Shared with the worker for file work. */
  readonly threads?: Threads;
  readonly index: RecordingIndex;
  readonly log: Pick<Log, 'debug' | 'info' | 'warn' | 'error'>;
  /** Today's folder, `YYYYMMDD`, in the box's zone. */
  today(): string;
  /** Wall clock, milliseconds since 1970. */
  now(): number;
  onState?(state: MediumState): void;
  /** For tests: where the system tells of mounts, how long a step may take, and how often writing is tried. */
  readonly mountinfo?: string;
  readonly blockDevices?: string;
  readonly stepDeadlineMs?: number;
  readonly slowMs?: number;
  readonly probePeriods?: ProbePeriods;
}

/** For /metrics. Counts are since the start. */
export interface RecordingFigures extends LookFigures {
  readonly workerRestarts: number;
  /** Workers that still hang in a file call. */
  readonly workersHung: number;
  /** Folders that the full look has still to see. */
  readonly foldersToLook: number;
}

export interface Recordings {
  state(): MediumState;
  /** Room on the medium; null: not known. */
  space(): Space | null;
  /** Another worker's step on the medium takes long. @returns what is called when it is over. */
  late(): () => void;
  figures(): RecordingFigures;
  /** Sweeps now, with the index asked afresh; resolves when that sweep is done, also when the medium is away. */
  sweepNow(): Promise<void>;
  /** From now on they lie in another folder: as if one medium were taken away and another put in its place. */
  moveTo(dir: string): void;
  /** Resolves when the first full look is done, or when the first try found no medium, or on close. */
  readonly firstLook: Promise<void>;
  /** Resolves within 2 s, also when the medium hangs. Tells the index nothing more. */
  close(): Promise<void>;
}

const MOVED = 'the recordings have moved to another place';

/** Starts looking at once; never throws for a medium that isn't there. */
export function startRecordings(options: RecordingsOptions): Recordings {
  const { index, log, now, today, slowMs = SLOW_MS } = options;
  /** Each worker is made with what stands here. */
  const where = {
    dir: options.dir,
    requireMount: options.requireMount,
    mountinfo: options.mountinfo ?? '/proc/self/mountinfo',
    blockDevices: options.blockDevices ?? '/sys/dev/block',
  };
  const mono = () => performance.now();
  let closed = false;
  let resolveFirst = (): void => {};
  const firstLook = new Promise<void>((resolve) => {
    resolveFirst = resolve;
  });

  const times = createSweepTimes(options.sweepSeconds * 1000, mono);
  const queue = createFolderQueue();
  const probes = createProbeTurns(mono, options.probePeriods);
  const medium = createMediumState(now, slowMs, demandsMount(where.dir, where.requireMount), (state) => {
    say(state);
    options.onState?.(state);
  });
  const say = ({ state, why, writable, device, medium: id }: MediumState): void => {
    const fields = { state, why: why || undefined, device, medium: id, dir: where.dir };
    if (state === 'slow') log.warn('recordings: the medium is slow', fields);
    else if (state !== 'mounted') log.warn('recordings: no medium', fields);
    else if (!writable) log.warn('recordings: nothing can be written on the medium', fields);
    else log.info('recordings: the medium is there', fields);
  };
  const client = createMediumClient({
    worker: options.worker,
    ...(options.threads && { threads: options.threads }),
    deadlineMs: options.stepDeadlineMs ?? STEP_DEADLINE_MS,
    slowMs,
    late: medium.late,
    settings: where,
    hint(kind) {
      if (kind === 'folder') times.sweepSoon();
      else if (looks.known()) times.quickSoon();
    },
    note: (message, fields) => log.warn(message, fields),
  });
  const looks = createLooks({
    client,
    index,
    medium,
    times,
    queue,
    probes,
    log,
    today,
    now,
    closed: () => closed,
  });

  const turn = async (): Promise<void> => {
    if (times.sweepDue() || times.quickDue()) await looks.urgent();
    else await looks.next();
    if (queue.left() === 0 && looks.known()) resolveFirst();
  };

  const run = async (): Promise<void> => {
    while (!closed) {
      try {
        await turn();
      } catch (error) {
        if (closed) break;
        if (error instanceof WorkerLost) {
          looks.forget();
          if (error.message === MOVED) times.sweepNow();
          else medium.silent(error.message);
        } else if (!(error instanceof MediumChanged)) {
          looks.forget();
          // What the disk of the store says, its own watch tells.
          if (!isDiskFault(error)) log.error('recordings: a sweep failed and will be tried again', { error });
        }
        if (!looks.known() && !isThere(medium.state())) resolveFirst();
      }
      // Also lets the rest of the process run between two folders.
      if (queue.left() === 0 || !looks.known()) await times.sleep();
    }
    times.close();
    resolveFirst();
  };

  const running = run();
  let closing: Promise<void> | undefined;

  return {
    state: medium.state,
    space: probes.space,
    late: medium.late,
    figures: () => ({
      ...looks.figures(),
      workerRestarts: client.restarts(),
      workersHung: client.abandoned(),
      foldersToLook: queue.left(),
    }),
    sweepNow: times.nextSweep,
    moveTo(dir) {
      where.dir = dir;
      client.renew(MOVED);
      looks.forget();
      // What is under way proves nothing about there: whoever records must wait for the look that does.
      medium.lost('absent', NOT_LOOKED_AT, { device: '', demanded: demandsMount(dir, where.requireMount) });
      times.sweepNow();
    },
    firstLook,
    close() {
      closing ??= (async () => {
        closed = true;
        client.close();
        times.wake();
        // An index that doesn't answer is no reason to stay.
        let timer: NodeJS.Timeout | undefined;
        const late = new Promise<void>((resolve) => {
          timer = setTimeout(resolve, CLOSE_MS);
        });
        await Promise.race([running, late]);
        clearTimeout(timer);
        times.close();
      })();
      return closing;
    },
  };
}
