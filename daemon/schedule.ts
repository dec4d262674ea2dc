/**
 * The box's jobs by its clock: a backup at night, what is too old. A clock on such a box is wrong before it is right, and
 * its power is cut every evening, so three things are not left to a cron:
 * - no job has a time before the clock is set, and each gets a new one when the clock jumps;
 * - a job's next time stands in the store: one whose time passed while the box was off comes some minutes after its start;
 * - a jump costs nothing: the next time is counted from now, never through those that were passed.
 */
import { StoreError } from '../storage/errors.ts';
import type { Zone } from '../storage/model/local-time.ts';
import { cronTimes, type NextTime } from './cron-times.ts';
import { scheduleLimits } from './limits.ts';
import type { Log } from './log.ts';

export interface Schedule {
  /**
   * Does `work` at the times that a cron expression names: minute, hour, day of month, month, day of week. It never
   * overlaps itself; one that fails is logged, and comes again at its next time.
   * @param name One word; under it the store keeps when it was done. @param expression @see cronTimes
   * @throws {Error} for an expression that can't be read; what reading the note throws.
   */
  at(name: string, expression: string, work: Work): Promise<void>;
  /** Does it now, unless it is under way: then it is waited for. Rejects with what it failed with. */
  run(name: string): Promise<void>;
  jobs(): readonly JobState[];
  /** Begins nothing more; what is under way is told to end, and waited for a little. */
  close(): Promise<void>;
}

/** @param signal Aborted when the daemon stops: what takes long looks at it between its steps. */
export type Work = (signal: AbortSignal) => Promise<void>;

export interface JobState {
  readonly name: string;
  readonly running: boolean;
  /** Epoch seconds of the last end that was no failure; null: never. */
  readonly doneAt: number | null;
  /** Epoch seconds; null while the clock isn't set. */
  readonly nextAt: number | null;
  /** Why its last try in this run failed, '' when it didn't. */
  readonly fault: string;
}

/** What the store keeps of a job, epoch seconds. */
export interface JobNote {
  readonly doneAt: number;
  /** When it was to come next. */
  readonly due: number;
}

export interface ScheduleOptions {
  readonly zone: Zone;
  readonly log: Pick<Log, 'debug' | 'warn' | 'error'>;
  /** Notes by job, kept in the store. */
  readonly notes: { read(name: string): Promise<JobNote | null>; write(name: string, note: JobNote): Promise<void> };
  /** Whether nobody needs the box: then what was missed is made up for. */
  isIdle(): boolean;
  /** Epoch milliseconds. */
  now(): number;
  /** Milliseconds that no clock setting changes. */
  mono(): number;
  readonly limits?: { readonly [Name in keyof typeof scheduleLimits]: number };
}

interface Job {
  readonly name: string;
  readonly next: NextTime;
  readonly work: Work;
  note: JobNote | null;
  nextAt: number | null;
  /** It was missed, and waits until the box is idle, or until this moment of `mono`. */
  patience: number | null;
  running: Promise<void> | null;
  fault: string;
}

export function createSchedule(options: ScheduleOptions): Schedule {
  const { zone, log, notes, isIdle, mono, limits = scheduleLimits } = options;
  const now = () => Math.floor(options.now() / 1000);
  const jobs = new Map<string, Job>();
  const stop = new AbortController();
  let lead = options.now() - mono();
  let waiting = false;

  /** Its next time by this clock; one that was missed comes soon. */
  function appoint(job: Job): void {
    const at = now();
    const regular = job.next(at);
    const due = job.note?.due ?? at;
    job.patience = due <= at ? mono() + limits.patienceMs : null;
    // A note from a day when the clock was years ahead must not keep the job away for years.
    job.nextAt = due <= at ? at + limits.graceSeconds : Math.min(due, regular);
  }

  function isClockSet(): boolean {
    const set = now() >= limits.saneClock;
    if (!set && !waiting)
      log.warn('the clock is not set: jobs wait for it', { now: new Date(options.now()).toISOString() });
    waiting = !set;
    return set;
  }

  /** What the clock gained on the time that passed, since the last beat, ms. Little by little it may run as it likes. */
  function jump(): number {
    const before = lead;
    lead = options.now() - mono();
    return lead - before;
  }

  function beat(): void {
    const jumped = jump();
    if (!isClockSet()) {
      for (const job of jobs.values()) job.nextAt = null;
      return;
    }
    if (Math.abs(jumped) > limits.jumpMs) {
      log.warn('the clock has jumped: jobs get new times', { seconds: Math.round(jumped / 1000) });
      for (const job of jobs.values()) appoint(job);
    }
    for (const job of jobs.values()) {
      if (job.nextAt === null) appoint(job);
      if (isTime(job)) void begin(job).catch(() => {});
    }
  }

  function isTime({ nextAt, patience }: Job): boolean {
    if (nextAt === null || nextAt > now()) return false;
    if (patience === null || patience <= mono()) return true;
    // A night's jobs came one after the other; all that a night has missed must not come at once.
    return isIdle() && ![...jobs.values()].some(({ running }) => running);
  }

  function begin(job: Job): Promise<void> {
    job.patience = null;
    if (now() >= limits.saneClock) job.nextAt = job.next(now());
    if (job.running) return job.running;
    job.running = perform(job).finally(() => {
      job.running = null;
    });
    return job.running;
  }

  async function perform(job: Job): Promise<void> {
    const { name } = job;
    const since = mono();
    try {
      await job.work(stop.signal);
      if (stop.signal.aborted) return; // it may have ended half-way: the next start does it again
      job.fault = '';
      // Done by a clock that isn't set it would count as done decades ago.
      if (now() >= limits.saneClock) {
        job.note = { doneAt: now(), due: job.next(now()) };
        await notes.write(name, job.note);
      }
      log.debug('a job is done', { job: name, ms: Math.round(mono() - since) });
    } catch (error) {
      job.fault = error instanceof Error ? error.message : String(error);
      const stopped = stop.signal.aborted || (error instanceof StoreError && error.code === 'closed');
      if (!stopped) log.error('a job failed and comes again at its next time', { job: name, error });
      throw error;
    }
  }

  const timer = setInterval(beat, limits.beatMs);
  timer.unref();

  return {
    async at(name, expression, work) {
      const next = cronTimes(expression, zone);
      const note = await notes.read(name);
      jobs.set(name, { name, next, work, note, nextAt: null, patience: null, running: null, fault: '' });
    },
    async run(name) {
      const job = jobs.get(name);
      if (!job) throw new Error(`there is no job ${name}`);
      await begin(job);
    },
    jobs: () =>
      [...jobs.values()].map(({ name, running, note, nextAt, fault }) => ({
        name,
        running: running !== null,
        doneAt: note?.doneAt ?? null,
        nextAt,
        fault,
      })),
    async close() {
      clearInterval(timer);
      stop.abort();
      let late: NodeJS.Timeout | undefined;
      const ends = Promise.allSettled([...jobs.values()].map(({ running }) => running));
      await Promise.race([ends, new Promise((resolve) => (late = setTimeout(resolve, limits.closeMs)))]);
      clearTimeout(late);
    },
  };
}
