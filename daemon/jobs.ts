/**
 * Long work in steps: deletions of calls, whoever waits for them. All that is under way stands in the store, so a start
 * goes on with what a kill interrupted. One step at a time, a deletion before the erasing of an old one; in idle time
 * freed pages go back to the disk.
 */
import { filterWords } from '../cgi/cdr/filter.ts';
import type { CallDeletions } from '../cgi/cdr/port.ts';
import { CgiError, diskFault } from '../cgi/reply.ts';
import type { StoreClient } from '../storage/client.ts';
import { ROOM_AGAIN } from '../storage/disk.ts';
import { isDiskFault, StoreError } from '../storage/errors.ts';
import type { Zone } from '../storage/model/local-time.ts';
import type { Deletion, DeletionState } from '../storage/store.ts';
import { BOX } from './box.ts';
import type { Bus } from './bus.ts';
import { jobLimits } from './limits.ts';
import type { Log } from './log.ts';
import { isUndated, type TrashRules } from './trash-rules.ts';

const UNDER_WAY: readonly DeletionState[] = ['deleting', 'restoring', 'erasing'];

export interface DeletionJobs extends CallDeletions {
  /** Goes on with what an earlier run left. */
  begun(): Promise<void>;
  /** Begins to erase what has been in the trash for its time. @param at Epoch seconds. */
  expire(at: number): Promise<void>;
  /** Ends after the step under way; who waits is told how far it has come. */
  close(): Promise<void>;
}

export interface DeletionJobsOptions {
  readonly store: StoreClient;
  readonly bus: Bus;
  readonly log: Log;
  readonly zone: Zone;
  readonly trash: TrashRules;
  /** Epoch seconds. */
  now(): number;
  /** Tests give shorter ones. */
  readonly limits?: { readonly [Name in keyof typeof jobLimits]: number };
}

export function createCallDeletions({
  store,
  bus,
  log,
  zone,
  trash,
  now,
  limits = jobLimits,
}: DeletionJobsOptions): DeletionJobs {
  /** Those under way. */
  const jobs = new Map<number, Deletion>();
  const waiting = new Map<number, Set<(deletion: Deletion, fault?: CgiError) => void>>();
  let running: Promise<void> | null = null;
  let closed = false;
  let roomBeat: NodeJS.Timeout | undefined;
  /** The trash doesn't help against the full disk: said once. */
  let hopeless = false;
  /** Ends a pause before its time. */
  let wake = () => {};

  function take(deletion: Deletion): void {
    if (deletion.kind !== 'call' || !UNDER_WAY.includes(deletion.state)) return;
    jobs.set(deletion.id, deletion);
    run();
  }

  function run(): void {
    wake();
    if (!running && !closed)
      running = work().finally(() => {
        running = null;
        if (jobs.size > 0) run(); // one that came just when the work was seen to be done
      });
  }

  async function work(): Promise<void> {
    for (let job = nextJob(); job && !closed; job = nextJob()) {
      try {
        await step(job);
      } catch (error) {
        if (closed) return;
        // Everything is as the last step left it, and so it is told. What the disk says, the watch of the store tells.
        if (!isDiskFault(error)) log.error('a deletion has to wait', { deletion: job.id, error });
        for (const each of jobs.values()) settle(each, isDiskFault(error) ? waitsFor(error, each) : undefined);
        if (jobs.delete(job.id)) jobs.set(job.id, job); // the last from now on: it may be that only this one can't be done
        await pause(limits.againMs);
      }
    }
    await giveBack();
  }

  /** In the order in which they came. Somebody waits for a deletion or for what it took; nobody waits for erasing. */
  function nextJob(): Deletion | undefined {
    const all = [...jobs.values()];
    return all.find(({ state }) => state !== 'erasing') ?? all[0];
  }

  async function step(job: Deletion): Promise<void> {
    const { stepped } = await store.step({ kind: 'deletion', id: job.id });
    if (!stepped) throw new StoreError('internal', 'a step without its deletion');
    const { deletion, calls } = stepped;
    if (calls.length > 0) bus.emit('calls', calls);
    if (UNDER_WAY.includes(deletion.state)) {
      jobs.set(deletion.id, deletion);
      return;
    }
    jobs.delete(deletion.id);
    log.info('a deletion of calls has come to its end', {
      deletion: deletion.id,
      state: deletion.state,
      calls: deletion.count,
    });
    settle(deletion);
  }

  /** Erasing leaves free pages in the file: a small box wants them back, but not before anything else. */
  async function giveBack(): Promise<void> {
    try {
      for (let free = Number.POSITIVE_INFINITY; free > limits.freePagesKept && !closed && jobs.size === 0; ) {
        if (store.depth('ingest') + store.depth('interactive') === 0)
          free = (await store.step({ kind: 'vacuum', keep: limits.freePagesKept })).freePages;
        await pause(limits.idleMs);
      }
    } catch (error) {
      if (!closed && !isDiskFault(error)) log.warn('free pages of the store could not be given back', { error });
    }
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  function settle(deletion: Deletion, fault?: CgiError): void {
    for (const tell of waiting.get(deletion.id) ?? []) tell(deletion, fault);
    waiting.delete(deletion.id);
  }

  /** Waits for the end of what is under way. @returns it as it stands then. */
  function ended(deletion: Deletion, waitMs: number): Promise<Deletion> {
    take(deletion);
    if (!jobs.has(deletion.id) || closed) return Promise.resolve(deletion);
    return new Promise((resolve, reject) => {
      const tellers = waiting.get(deletion.id) ?? new Set();
      const done = (now: Deletion, fault?: CgiError) => {
        clearTimeout(timer);
        tellers.delete(done);
        if (fault) reject(fault);
        else resolve(now);
      };
      const timer = setTimeout(() => done(jobs.get(deletion.id) ?? deletion), waitMs);
      waiting.set(deletion.id, tellers.add(done));
    });
  }

  /** @param because Why it goes before its time; absent: its time is over. */
  async function erase(deletion: Deletion, because?: string): Promise<void> {
    const { what } = deletion.content as { what: Record<string, string> };
    const why = because === undefined ? {} : { because };
    const detail = { deletion: deletion.id, count: deletion.count, deleted_by: deletion.who, ...why, ...what };
    const audit = { ...BOX, action: 'calls.erase', detail };
    const { deletion: turned } = await store.write({
      kind: 'turnDeletion',
      id: deletion.id,
      from: ['deleted'],
      to: 'erasing',
      audit,
    });
    if (turned) take(turned);
  }

  /**
   * On a full disk the oldest of the trash goes before its time, one deletion after the other until there is room: nothing
   * else that is here could be done without. Where all of it would not make the room, something else fills the disk.
   */
  async function makeRoom(): Promise<void> {
    if (closed || running || store.disk.state !== 'full') return;
    const trashed = await store.ask('deletedCalls');
    const [oldest] = trashed;
    if (!oldest) return;
    if (!reachesRoom(trashed)) {
      if (!hopeless) log.warn('the disk of the store is full, and its trash would not make the room: it stays');
      hopeless = true;
      return;
    }
    log.warn('the disk of the store is full: the oldest trash is erased', { deletion: oldest.id, calls: oldest.count });
    await erase(oldest, 'the disk is full');
  }

  /** Asked before each: when the last one gave nothing, because others took it, those that are left no longer reach. */
  function reachesRoom(trashed: readonly Deletion[]): boolean {
    const { free, reserve } = store.disk;
    if (free === null) return false;
    const calls = trashed.reduce((sum, { count }) => sum + count, 0);
    return free + calls * limits.callBytes >= reserve * ROOM_AGAIN;
  }

  // What waits for the disk need not wait any longer.
  bus.on('store', ({ state }) => {
    if (state !== 'ok') return;
    hopeless = false;
    wake();
  });

  return {
    async begin(filter, by, waitMs, rule) {
      const what = { ...filterWords(filter, zone), ...(rule && { rule }) };
      const fresh = {
        kind: 'call' as const,
        ...by,
        expiresAt: now() + trash.seconds(),
        content: { filter, what },
      };
      const audit = { ...by, action: 'calls.delete', detail: what };
      const { deletion } = await store.write({ kind: 'deletion', deletion: fresh, audit });
      if (!deletion) throw new StoreError('internal', 'no deletion has begun');
      return ended(deletion, waitMs);
    },

    async undo(token, by, waitMs) {
      const known = await store.ask('deletion', token);
      if (known?.kind !== 'call') return null;
      const { what } = known.content as { what: Record<string, string> };
      const audit = { ...by, action: 'calls.undo', detail: { deletion: known.id, count: known.count, ...what } };
      const { deletion } = await store.write({
        kind: 'turnDeletion',
        id: known.id,
        from: ['deleting', 'deleted'],
        to: 'restoring',
        audit,
      });
      if (!deletion) return null;
      if (deletion.state === 'erasing' || deletion.state === 'erased')
        throw new CgiError('conflict', 'it is too late: the calls are erased', 'undo');
      return ended(deletion, waitMs);
    },

    async begun() {
      for (const deletion of await store.ask('unfinishedDeletions')) take(deletion);
      run();
      roomBeat = setInterval(() => {
        makeRoom().catch((error: unknown) => {
          if (!closed && !isDiskFault(error)) log.error('no room could be made in the store', { error });
        });
      }, limits.roomMs);
      roomBeat.unref();
    },

    async expire(at) {
      for (const deletion of await store.ask('deletedCalls')) {
        if (isUndated(deletion, at)) {
          await store.write({ kind: 'deletionExpiry', id: deletion.id, expiresAt: at + trash.seconds() });
          continue;
        }
        if (deletion.expiresAt > at) continue;
        await erase(deletion);
      }
    },

    async close() {
      closed = true;
      clearInterval(roomBeat);
      wake();
      for (const deletion of jobs.values()) settle(deletion);
      await running;
    },
  };
}

/** To whoever asked for it: it has begun, and nobody need ask again. */
function waitsFor(error: StoreError, { token }: Deletion): CgiError {
  return diskFault(
    error,
    `what was asked goes on when it takes writes; /cgi/webserve/30004?&undo=${token} tells how far it is`,
  );
}
