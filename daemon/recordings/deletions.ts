/**
 * Deletions of recordings: into the medium's own trash, and back. Each is a row in the store before anything moves, and is
 * worked off in small steps whose file moves can be said twice: a kill, or a medium that goes away, leaves a deletion that
 * is gone on with. A deletion's files lie in `.trash/ID-MARK/`; that folder also tells whether this is the medium that
 * they lie on, for sticks are exchanged.
 */
import { createHash } from 'node:crypto';
import type { RecordingDeletion, RecordingDeletions } from '../../cgi/recording/port.ts';
import { CgiError } from '../../cgi/reply.ts';
import type { StoreClient } from '../../storage/client.ts';
import type { AuditLine, By } from '../../storage/sql/audit.ts';
import type { Deletion, Trashed, TrashProgress, TrashStep } from '../../storage/store.ts';
import { jobLimits } from '../limits.ts';
import type { Log } from '../log.ts';
import type { FileClient } from './file-client.ts';
import type { Moved } from './file-protocol.ts';
import { CLOSE_MS, DELETION_FILES, DELETION_RETRY_MS, DELETION_WAIT_MS, TRASH_DAYS } from './limits.ts';

export interface RecordingTrash extends RecordingDeletions {
  /** Goes on with what a kill or an absent medium interrupted. */
  resume(): void;
  /**
   * Erases what has been in the trash for its time, and what lies in the medium's trash without belonging to anything.
   * While the medium is away that waits. @param now Epoch seconds. @returns how many deletions it began to erase.
   */
  expire(now: number): Promise<number>;
  /**
   * Makes room on the medium: the oldest trash goes first. Settles when it is gone.
   * @returns bytes freed, which are fewer than wanted when there is no more trash. @throws {CgiError} `storage_offline`
   */
  free(bytes: number): Promise<number>;
  /** Deletions under way or waiting for their medium. */
  underWay(): number;
  /** Stops between two steps; what is left is gone on with at the next start. */
  close(): Promise<void>;
}

export interface DeletionsOptions {
  readonly store: StoreClient;
  readonly client: FileClient;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
  /** Epoch seconds. */
  now(): number;
  /** What the index calls the medium in place; null: none is known to be. */
  medium(): number | null;
  /** Calls whose answers have changed: their EventSequences. */
  onCalls(sequences: readonly number[]): void;
  /** Tests have a shorter one. */
  readonly waitMs?: number;
}

/** One that is under way, with what only this process needs to know of it. */
interface Job {
  deletion: Deletion;
  readonly missing: string[];
  readonly refused: { readonly path: string; readonly code: string }[];
  /** It was begun by a process before this one, which may have moved files and not said so. */
  readonly resumed: boolean;
  /** Why it could not even begin. */
  fault: CgiError | null;
  /** Told when it is over or has to wait. */
  waiters: (() => void)[];
}

/** It can't be gone on with now: another medium is in place. */
class OtherMedium extends Error {}

const SYSTEM: By = { who: 'cdrd', address: '' };

export function createRecordingDeletions(options: DeletionsOptions): RecordingTrash {
  const { store, client, log, now } = options;
  const jobs = new Map<number, Job>();
  let running: Promise<void> | null = null;
  let retry: NodeJS.Timeout | undefined;
  let closed = false;

  /** @returns false when the deletion is no longer in the state that it was thought to be in. */
  async function step(job: Job, change: Omit<TrashStep, 'id' | 'from'>): Promise<boolean> {
    const { deletion } = job;
    const written = await store.write({ kind: 'trash', step: { id: deletion.id, from: deletion.state, ...change } });
    if (written.calls.length > 0) options.onCalls(written.calls);
    if (written.removed === 0) return false;
    job.deletion = {
      ...deletion,
      state: change.state,
      progress: change.progress,
      count: deletion.count + (change.count ?? 0),
      bytes: deletion.bytes + (change.bytes ?? 0),
    };
    return true;
  }

  /** @throws {OtherMedium} */
  async function needFolder(deletion: Deletion): Promise<void> {
    const { value: code } = await client.ask({ kind: 'folder', folder: folderOf(deletion), make: false });
    if (code) throw new OtherMedium(`another medium is in place, or its trash was emptied by hand (${code})`);
  }

  /** On a full medium the oldest trash goes for it. @returns '' or the system's code. */
  async function makeFolder(folder: string): Promise<string> {
    for (const each of [...(await store.work('trashed')), null]) {
      const { value: code } = await client.ask({ kind: 'folder', folder, make: true });
      if (!isFull(code) || !each || closed) return code;
      const job = each.state === 'deleted' && (await isHere(each)) ? await beginErasing(each) : null;
      if (!job) continue;
      await erase(job);
      jobs.delete(each.id);
    }
    return '';
  }

  async function isHere(each: Trashed): Promise<boolean> {
    return (await client.ask({ kind: 'folder', folder: folderOf(each), make: false })).value === '';
  }

  async function putAway(job: Job): Promise<void> {
    const { deletion } = job;
    const paths = deletion.content as readonly string[];
    const purge = isPurge(deletion);
    const folder = folderOf(deletion);
    let next = nextOf(deletion);
    if (!purge && next === null) {
      const code = await makeFolder(folder);
      if (code) {
        job.fault = noTrash(code);
        await step(job, { state: 'restored', progress: null });
        return;
      }
    } else if (!purge) await needFolder(deletion);

    const from = next ?? 0;
    const batch = (at: number) => paths.slice(at, at + DELETION_FILES);
    if (!(await step(job, { state: 'deleting', progress: { next: from }, hide: batch(from) }))) return;
    for (next = from; next < paths.length; next += DELETION_FILES) {
      if (closed) return;
      const moving = batch(next);
      const { value } = purge
        ? await client.ask({ kind: 'remove', paths: moving })
        : await client.ask({ kind: 'trash', folder, paths: moving });
      const done = sorted(moving, value);
      // The process before this one may have removed them and died before it could say so.
      if (purge && job.resumed && next === from) done.moved.push(...done.missing.splice(0));
      job.missing.push(...done.missing);
      job.refused.push(...done.refused);
      const after = next + DELETION_FILES;
      const audit = auditOf(deletion, purge ? 'recordings.purged' : 'recordings.deleted', {
        files: done.moved.length,
        bytes: done.bytes,
        paths: done.moved.join(';'),
      });
      const went = await step(job, {
        state: 'deleting',
        progress: { next: after },
        count: done.moved.length,
        bytes: done.bytes,
        hide: batch(after),
        show: done.refused.map(({ path }) => path),
        lost: done.missing,
        ...(done.moved.length > 0 && { audit }),
      });
      if (!went) return;
    }
    await step(job, { state: purge ? 'erased' : 'deleted', progress: { at: now() } });
  }

  async function bringBack(job: Job): Promise<void> {
    const { deletion } = job;
    const paths = deletion.content as readonly string[];
    const folder = folderOf(deletion);
    await needFolder(deletion);
    let back = (deletion.progress as TrashProgress | null)?.done ?? 0;
    for (let next = nextOf(deletion) ?? 0; next < paths.length; next += DELETION_FILES) {
      if (closed) return;
      const moving = paths.slice(next, next + DELETION_FILES);
      const { value } = await client.ask({ kind: 'restore', folder, paths: moving });
      const done = sorted(moving, value);
      job.refused.push(...done.refused);
      back += done.moved.length;
      const went = await step(job, {
        state: 'restoring',
        progress: { next: next + DELETION_FILES, done: back },
        show: done.moved,
        lost: done.missing,
      });
      if (!went) return;
    }
    const [first] = job.refused;
    if (first) {
      job.fault = new CgiError('conflict', `the medium refuses to take ${first.path} back: ${first.code}`);
      await step(job, { state: 'deleted', progress: { at: now() } });
      return;
    }
    await step(job, { state: 'restored', progress: { at: now(), done: back } });
    await eraseFolder(folder);
  }

  async function erase(job: Job): Promise<void> {
    if (!(await eraseFolder(folderOf(job.deletion)))) return;
    const { count, bytes } = job.deletion;
    const audit: AuditLine = {
      ...SYSTEM,
      action: 'recordings.erased',
      detail: { deletion: job.deletion.id, files: count, bytes },
    };
    await step(job, { state: 'erased', progress: { at: now() }, audit });
  }

  /** @returns false when it was broken off. */
  async function eraseFolder(folder: string): Promise<boolean> {
    for (;;) {
      if (closed) return false;
      const { value } = await client.ask({ kind: 'erase', folder });
      if (!value.more) return true;
    }
  }

  const work = { deleting: putAway, restoring: bringBack, erasing: erase };

  /** One after the other; one that has to wait for its medium lets the others go on. */
  async function run(): Promise<void> {
    for (const job of [...jobs.values()]) {
      if (closed) return;
      try {
        const { state } = job.deletion;
        if (state in work) await work[state as keyof typeof work](job);
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
    if (now() <= job.deletion.expiresAt) return false;
    log.warn('recordings: the medium of a deletion did not come back', { deletion: job.deletion.id });
    return step(job, { state: 'erased', progress: { at: now() } });
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

  function add(deletion: Deletion, resumed: boolean): Job {
    const job: Job = { deletion, missing: [], refused: [], resumed, fault: null, waiters: [] };
    jobs.set(deletion.id, job);
    return job;
  }

  /** Until it is over, or has to wait, or the time is up. */
  async function wait(job: Job): Promise<void> {
    let late: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      late = setTimeout(resolve, options.waitMs ?? DELETION_WAIT_MS);
      job.waiters.push(resolve);
      kick();
    });
    clearTimeout(late);
    if (job.fault) throw job.fault;
  }

  async function days(): Promise<number> {
    const set = Number((await store.ask('setting', 'trash.days')) ?? TRASH_DAYS);
    return Number.isFinite(set) && set >= 0 ? set : TRASH_DAYS;
  }

  async function begin(paths: readonly string[], wanted: boolean, by: By): Promise<RecordingDeletion> {
    client.check();
    const purge = wanted || isYes(await store.ask('setting', 'trash.skip'));
    const at = now();
    // What is purged has expired when it begins.
    const expiresAt = purge ? 0 : at + Math.max(1, Math.round((await days()) * 86_400));
    const { deletion } = await store.write({
      kind: 'deletion',
      deletion: { kind: 'recording', ...by, medium: options.medium(), expiresAt, content: paths },
      audit: { ...by, action: 'recordings.delete', detail: { files: paths.length, purge } },
    });
    if (!deletion) throw new Error('the store began no deletion');
    const job = add(deletion, false);
    await wait(job);
    const undo = purge || job.deletion.count === 0 ? '' : deletion.token;
    return {
      deletion: job.deletion,
      missing: job.missing,
      refused: job.refused,
      undo: job.deletion.state === 'deleting' && !purge ? deletion.token : undo,
    };
  }

  async function undo(token: string, by: By): Promise<Deletion | null> {
    const deletion = await store.ask('deletion', token);
    if (deletion?.kind !== 'recording') return null;
    const known = jobs.get(deletion.id);
    if (deletion.state === 'restored') return deletion;
    if (deletion.state === 'restoring' && known) {
      await wait(known);
      return known.deletion;
    }
    if (deletion.state === 'deleting') throw new CgiError('conflict', 'the deletion is still under way');
    if (deletion.state !== 'deleted') throw new CgiError('conflict', 'the recordings are erased for good');
    await needFolder(deletion).catch((error: unknown) => {
      throw error instanceof OtherMedium ? new CgiError('conflict', error.message) : error;
    });
    const job = add(deletion, false);
    const audit: AuditLine = {
      ...by,
      action: 'recordings.restored',
      detail: { deletion: deletion.id, files: deletion.count, bytes: deletion.bytes },
    };
    if (!(await step(job, { state: 'restoring', progress: null, audit }))) {
      jobs.delete(deletion.id);
      throw new CgiError('conflict', 'the recordings are just being erased');
    }
    await wait(job);
    return job.deletion;
  }

  /** @returns null when somebody is just bringing it back. */
  async function beginErasing(each: Trashed): Promise<Job | null> {
    const deletion = await store.ask('deletion', each.token);
    if (deletion?.state !== 'deleted') return null;
    const job = add(deletion, false);
    if (await step(job, { state: 'erasing', progress: null })) return job;
    jobs.delete(deletion.id);
    return null;
  }

  async function expire(at: number): Promise<number> {
    // A box without a clock battery wakes in 1970: by that clock nothing is over.
    if (at < jobLimits.saneClock) return 0;
    let begun = 0;
    for (const each of await store.work('trashed')) {
      if (each.state !== 'deleted' || each.expiresAt > at) continue;
      if (each.at < jobLimits.saneClock) {
        // It began before the clock was set: its time begins now.
        const expiresAt = at + Math.round((await days()) * 86_400);
        await store.write({ kind: 'deletionExpiry', id: each.id, expiresAt });
      } else if (await beginErasing(each)) begun += 1;
    }
    if (jobs.size > 0) kick();
    await removeStrays(at).catch((error: unknown) => {
      if (!isOffline(error)) throw error;
    });
    return begun;
  }

  /** Folders of deletions that nobody knows (another box's, or a state folder that was lost), as old as trash may get. */
  async function removeStrays(at: number): Promise<void> {
    const { value: folders } = await client.ask({ kind: 'list' });
    const old = (at - (await days()) * 86_400) * 1000;
    const known = new Set((await store.work('trashed')).map(folderOf));
    for (const { name, mtimeMs } of folders)
      if (FOLDER_NAME.test(name) && !known.has(name) && mtimeMs < old) await eraseFolder(name);
  }

  async function free(bytes: number): Promise<number> {
    let freed = 0;
    for (const each of await store.work('trashed')) {
      if (freed >= bytes) break;
      if (each.state !== 'deleted') continue;
      if (!(await isHere(each))) continue; // erasing what lies on another medium would free nothing here
      const job = await beginErasing(each);
      if (!job) continue;
      await wait(job);
      if (job.deletion.state === 'erased') freed += each.bytes;
    }
    return freed;
  }

  return {
    begin,
    undo,
    expire,
    free,
    underWay: () => jobs.size,
    resume() {
      void (async () => {
        for (const deletion of await store.work('unfinishedDeletions'))
          if (deletion.kind === 'recording' && !jobs.has(deletion.id)) add(deletion, true);
        if (jobs.size > 0) kick();
      })().catch((error: unknown) => log.error('recordings: deletions could not be resumed', { error }));
    },
    async close() {
      closed = true;
      clearTimeout(retry);
      client.close(); // a step that hangs is broken off, and nothing is said of it
      let late: NodeJS.Timeout | undefined;
      await Promise.race([running, new Promise((resolve) => (late = setTimeout(resolve, CLOSE_MS)))]);
      clearTimeout(late);
    },
  };
}

const FOLDER_NAME = /^\d+-[0-9a-f]{8}$/;

/** Two boxes that share sticks count alike: the mark tells their deletions apart. */
function folderOf({ id, token }: Pick<Deletion, 'id' | 'token'>): string {
  return `${id}-${createHash('sha256').update(token).digest('hex').slice(0, 8)}`;
}

function isPurge({ expiresAt }: Deletion): boolean {
  return expiresAt === 0;
}

function nextOf({ progress }: Deletion): number | null {
  return (progress as TrashProgress | null)?.next ?? null;
}

/** What a step did to each path. */
function sorted(paths: readonly string[], results: readonly Moved[]) {
  const moved: string[] = [];
  const missing: string[] = [];
  const refused: { readonly path: string; readonly code: string }[] = [];
  let bytes = 0;
  paths.forEach((path, index) => {
    const result = results[index] ?? 'missing';
    if (result === 'missing') missing.push(path);
    else if (typeof result === 'object') refused.push({ path, code: result.code });
    else {
      moved.push(path);
      bytes += result;
    }
  });
  return { moved, missing, refused, bytes };
}

function auditOf({ id, who, address }: Deletion, action: string, detail: AuditLine['detail']): AuditLine {
  return { who, address, action, detail: { deletion: id, ...detail } };
}

function noTrash(code: string): CgiError {
  if (isFull(code))
    return new CgiError('disk_full', 'the medium has no room for a trash folder: purge=1 deletes without one');
  return new CgiError('conflict', `the medium takes no trash folder: ${code}`);
}

function isFull(code: string): boolean {
  return code === 'ENOSPC' || code === 'EDQUOT';
}

function isOffline(error: unknown): boolean {
  return error instanceof CgiError && error.code === 'storage_offline';
}

function isYes(value: unknown): boolean {
  return value === true || value === 1 || /^(1|true|yes|on)$/i.test(String(value));
}
