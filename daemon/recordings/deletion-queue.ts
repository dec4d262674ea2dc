/**
 * Deletions of recordings that are under way: one is worked off after the other, and one that has to wait for its medium
 * lets the others go on. Who asked for one waits for its end, and no longer than a request may last.
 */
import type { Deletion } from '../../storage/store.ts';
import type { Log } from '../log.ts';
import { isOffline, isPurge, type Job, OtherMedium } from './deletion-job.ts';
import type { DeletionWork } from './deletion-work.ts';
import { CLOSE_MS, DELETION_RETRY_MS, DELETION_WAIT_MS, PURGE_WAIT_SECONDS } from './limits.ts';

export interface DeletionQueue {
  readonly size: number;
  /** The one of this deletion, when it is under way. */
  get(id: number): Job | undefined;
  /** @param resumed It was begun by a process before this one. */
  add(deletion: Deletion, resumed: boolean): Job;
  remove(id: number): void;
  /** Sees to it that what is in the queue is worked on. */
  kick(): void;
  /** Until it is over, or has to wait, or the time is up. @throws what it could not even begin for. */
  wait(job: Job): Promise<void>;
  isClosed(): boolean;
  /** Stops between two steps. */
  close(): Promise<void>;
}

export interface DeletionQueueOptions {
  readonly work: Pick<DeletionWork, 'deleting' | 'restoring' | 'erasing' | 'step'>;
  readonly log: Pick<Log, 'warn' | 'error'>;
  /** Epoch seconds. */
  now(): number;
  readonly waitMs?: number;
}

export function createDeletionQueue({
  work,
  log,
  now,
  waitMs = DELETION_WAIT_MS,
}: DeletionQueueOptions): DeletionQueue {
  const jobs = new Map<number, Job>();
  let running: Promise<void> | null = null;
  let retry: NodeJS.Timeout | undefined;
  let closed = false;

  async function run(): Promise<void> {
    for (const job of [...jobs.values()]) {
      if (closed) return;
      try {
        const { state } = job.deletion;
        if (state === 'deleting' || state === 'restoring' || state === 'erasing') await work[state](job);
        if (!closed) jobs.delete(job.deletion.id);
      } catch (error) {
        if (error instanceof OtherMedium && (await isGivenUp(job))) jobs.delete(job.deletion.id);
        else if (!(error instanceof OtherMedium || isOffline(error)))
          log.error('recordings: a deletion failed and will be gone on with', { deletion: job.deletion.id, error });
      }
      for (const told of job.waiters.splice(0)) told();
    }
  }

  /** Its medium never came back: whatever it held is nobody's any more. */
  async function isGivenUp(job: Job): Promise<boolean> {
    const { deletion } = job;
    // A purge has expired when it begins.
    const { at, expiresAt } = deletion;
    if (now() <= (isPurge(deletion) ? at + PURGE_WAIT_SECONDS : expiresAt)) return false;
    log.warn('recordings: the medium of a deletion did not come back', { deletion: deletion.id });
    return work.step(job, { state: 'erased', progress: { at: now() } });
  }

  function kick(): void {
    if (closed) return;
    clearTimeout(retry);
    const before = running ?? Promise.resolve();
    const mine = before.then(run).catch((error: unknown) => log.error('recordings: deletions stopped', { error }));
    running = mine;
    void mine.then(() => {
      if (running !== mine) return;
      running = null;
      if (jobs.size === 0 || closed) return;
      retry = setTimeout(kick, DELETION_RETRY_MS);
      retry.unref();
    });
  }

  return {
    get size() {
      return jobs.size;
    },
    get: (id) => jobs.get(id),
    add(deletion, resumed) {
      const job: Job = { deletion, missing: [], refused: [], resumed, fault: null, waiters: [] };
      jobs.set(deletion.id, job);
      return job;
    },
    remove: (id) => void jobs.delete(id),
    kick,
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
