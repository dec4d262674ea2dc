/**
 * Deletions of recordings that are under way: one is worked off after the other, and one that has to wait for its medium
 * lets the others go on. Who asked for one waits for its end, and no longer than a request may last.
 */
import type { AuditLine } from '../../storage/sql/audit.ts';
import type { Deletion, TrashStep } from '../../storage/store.ts';
import { BOX } from '../box.ts';
import { jobLimits } from '../limits.ts';
import type { Log } from '../log.ts';
import { isOffline, type Job, OtherMedium } from './deletion-job.ts';
import type { DeletionWork } from './deletion-work.ts';
import { CLOSE_MS, DELETION_RETRY_MS, DELETION_WAIT_MS, MEDIUM_WAIT_SECONDS } from './limits.ts';

export interface DeletionQueue {
  readonly size: number;
  /** The one of this deletion, when it is under way. */
  get(id: number): Job | undefined;
  /** Takes up a new one. @param write Puts it into the store. */
  begin(write: () => Promise<Deletion>): Promise<Job>;
  /** Takes up one that had come to its end, in another state. @returns null when somebody else was there before. */
  turn(deletion: Deletion, change: Omit<TrashStep, 'id' | 'from'>): Promise<Job | null>;
  /** Takes up what a process before this one has begun. @param unfinished Asks the store for it. */
  resume(unfinished: () => Promise<readonly Deletion[]>): Promise<void>;
  remove(id: number): void;
  /** Sees to it that what is in the queue is worked on. */
  kick(): void;
  /**
   * The same, and what another medium is in the way of is given up a week after its time: whatever its own held is nobody's
   * any more. @param at Epoch seconds of a clock that is believed: by a leap of the box's own all would be given up.
   */
  giveUp(at: number): void;
  /** Until it is over, or has to wait, or the time is up. @throws what it could not even begin for. */
  wait(job: Job): Promise<void>;
  isClosed(): boolean;
  /** Stops between two steps. */
  close(): Promise<void>;
}

export interface DeletionQueueOptions {
  readonly work: Pick<DeletionWork, 'deleting' | 'restoring' | 'erasing' | 'step'>;
  readonly log: Pick<Log, 'warn' | 'error'>;
  readonly waitMs?: number;
}

export function createDeletionQueue({ work, log, waitMs = DELETION_WAIT_MS }: DeletionQueueOptions): DeletionQueue {
  const jobs = new Map<number, Job>();
  let running: Promise<void> | null = null;
  let retry: NodeJS.Timeout | undefined;
  let closed = false;
  let entering: Promise<unknown> = Promise.resolve();

  /**
   * One after the other: between a deletion's row and its job nobody may look what is under way, or two jobs would work on
   * the same files.
   */
  function enter<T>(work: () => Promise<T>): Promise<T> {
    const mine = entering.then(work);
    entering = mine.catch(() => {});
    return mine;
  }

  function add(deletion: Deletion, resumed: boolean): Job {
    const job = jobOf(deletion, resumed);
    jobs.set(deletion.id, job);
    return job;
  }

  /** @param at When it is; null: nothing is given up. */
  async function run(at: number | null): Promise<void> {
    for (const job of [...jobs.values()]) {
      if (closed) return;
      try {
        const { state } = job.deletion;
        if (state === 'deleting' || state === 'restoring' || state === 'erasing') await work[state](job);
        if (!closed) jobs.delete(job.deletion.id);
      } catch (error) {
        if (error instanceof OtherMedium && at !== null && (await isGivenUp(job, at))) jobs.delete(job.deletion.id);
        else if (!(error instanceof OtherMedium || isOffline(error)))
          log.error('recordings: a deletion failed and will be gone on with', { deletion: job.deletion.id, error });
      }
      for (const told of job.waiters.splice(0)) told();
    }
  }

  async function isGivenUp(job: Job, at: number): Promise<boolean> {
    const { id, state, medium, count, bytes, at: begun, expiresAt } = job.deletion;
    const due = Math.max(begun, expiresAt); // a purge has expired when it begins
    // Begun by a clock that wasn't set, it has no age.
    if (due < jobLimits.saneClock || at <= due + MEDIUM_WAIT_SECONDS) return false;
    log.warn('recordings: the medium of a deletion did not come back', { deletion: id, state, medium });
    const detail = { deletion: id, state, medium: medium ?? '', files: count, bytes };
    const audit: AuditLine = { ...BOX, action: 'recordings.given_up', detail };
    return work.step(job, { state: 'erased', progress: { at }, audit });
  }

  function begin(at: number | null): void {
    if (closed) return;
    clearTimeout(retry);
    const before = running ?? Promise.resolve();
    const mine = before
      .then(() => run(at))
      .catch((error: unknown) => log.error('recordings: deletions stopped', { error }));
    running = mine;
    void mine.then(() => {
      if (running !== mine) return;
      running = null;
      if (jobs.size === 0 || closed) return;
      retry = setTimeout(kick, DELETION_RETRY_MS);
      retry.unref();
    });
  }

  const kick = () => begin(null);

  return {
    get size() {
      return jobs.size;
    },
    get: (id) => jobs.get(id),
    begin: (write) => enter(async () => add(await write(), false)),
    turn: (deletion, change) =>
      enter(async () => {
        if (jobs.has(deletion.id)) return null;
        const job = jobOf(deletion, false);
        if (!(await work.step(job, change))) return null;
        jobs.set(deletion.id, job);
        return job;
      }),
    resume: (unfinished) =>
      enter(async () => {
        // One that comes to its end while the store is asked is told as unfinished, too.
        const known = new Set(jobs.keys());
        for (const deletion of await unfinished())
          if (deletion.kind === 'recording' && !known.has(deletion.id)) add(deletion, true);
        if (jobs.size > 0) kick();
      }),
    remove: (id) => void jobs.delete(id),
    kick,
    giveUp: begin,
    async wait(job) {
      let late: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        late = setTimeout(resolve, waitMs);
        job.waiters.push(resolve);
        kick();
      });
      clearTimeout(late);
      if (job.fault) throw job.fault;
    },
    isClosed: () => closed,
    async close() {
      closed = true;
      clearTimeout(retry);
      let late: NodeJS.Timeout | undefined;
      await Promise.race([running, new Promise((resolve) => (late = setTimeout(resolve, CLOSE_MS)))]);
      clearTimeout(late);
    },
  };
}

function jobOf(deletion: Deletion, resumed: boolean): Job {
  return { deletion, missing: [], refused: [], resumed, fault: null, waiters: [] };
}
