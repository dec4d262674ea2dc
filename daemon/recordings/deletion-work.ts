/**
 * The steps of a deletion of recordings: files into the medium's trash, back, or away for good. Each step is said to the
 * store in one transaction, and its file moves can be said twice, so that a kill between the two is nothing to repair.
 */
import { CgiError } from '../../cgi/reply.ts';
import type { StoreClient } from '../../storage/client.ts';
import type { AuditLine } from '../../storage/sql/audit.ts';
import type { Deletion, TrashProgress, TrashStep } from '../../storage/store.ts';
import { BOX } from '../box.ts';
import { folderOf, isByRule, isFull, isPurge, type Job, nextOf, OtherMedium } from './deletion-job.ts';
import type { FileClient } from './file-client.ts';
import type { Moved } from './file-protocol.ts';
import { DELETION_FILES } from './limits.ts';

export interface DeletionWork {
  /** @returns false when the deletion is no longer in the state that it was thought to be in. */
  step(job: Job, change: Omit<TrashStep, 'id' | 'from'>): Promise<boolean>;
  /** @throws {OtherMedium} when its medium isn't in place, or its folder in the trash isn't there. */
  needFolder(deletion: Deletion): Promise<void>;
  /** By the deletion's state: all steps to its end, or until the daemon stops. */
  deleting(job: Job): Promise<void>;
  restoring(job: Job): Promise<void>;
  erasing(job: Job): Promise<void>;
  /** Removes a folder of the trash. @returns false when it was broken off. */
  eraseFolder(folder: string): Promise<boolean>;
}

export interface DeletionWorkOptions {
  readonly store: StoreClient;
  readonly client: FileClient;
  /** Epoch seconds. */
  now(): number;
  isClosed(): boolean;
  /** What the index calls the medium in place; null: none is known to be. */
  medium(): number | null;
  /** Calls whose answers have changed: their EventSequences. */
  onCalls(sequences: readonly number[]): void;
  /** Erases the oldest trash that lies on this medium. @returns false when there is none. */
  makeRoom(): Promise<boolean>;
}

export function createDeletionWork(options: DeletionWorkOptions): DeletionWork {
  const { store, client, now, isClosed } = options;

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

  /**
   * A path is one file on each of two sticks: what was deleted on the one must not be removed from the other.
   * @throws {OtherMedium}, {CgiError} `storage_offline`
   */
  function needMedium({ medium }: Deletion): void {
    client.check();
    if (medium !== null && medium !== options.medium()) throw new OtherMedium('another medium is in place');
  }

  async function needFolder(deletion: Deletion): Promise<void> {
    needMedium(deletion);
    const { value: code } = await client.ask({ kind: 'folder', folder: folderOf(deletion), make: false });
    if (code) throw new OtherMedium(`another medium is in place, or its trash was emptied by hand (${code})`);
  }

  /** On a full medium the oldest trash goes for it. @returns '' or the system's code. */
  async function makeFolder(folder: string): Promise<string> {
    for (;;) {
      const { value: code } = await client.ask({ kind: 'folder', folder, make: true });
      if (!isFull(code) || isClosed() || !(await options.makeRoom())) return code;
    }
  }

  async function deleting(job: Job): Promise<void> {
    const { deletion } = job;
    const paths = deletion.content as readonly string[];
    const purge = isPurge(deletion);
    const folder = folderOf(deletion);
    needMedium(deletion);
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
    const spareKept = isByRule(deletion);
    const batch = (at: number) => paths.slice(at, at + DELETION_FILES);
    if (!(await step(job, { state: 'deleting', progress: { next: from }, hide: batch(from), spareKept }))) return;
    for (next = from; next < paths.length; next += DELETION_FILES) {
      if (isClosed()) return;
      const moving = spareKept ? await hiddenOf(deletion, batch(next)) : batch(next);
      needMedium(deletion); // what is asked for now is done on this medium or not at all
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
        spareKept,
        show: done.refused.map(({ path }) => path),
        lost: done.missing,
        ...(done.moved.length > 0 && { audit }),
      });
      if (!went) return;
    }
    await step(job, { state: purge ? 'erased' : 'deleted', progress: { at: now() } });
  }

  /** A file may have been marked to be kept since a rule chose it. */
  function hiddenOf({ id }: Deletion, paths: readonly string[]): Promise<readonly string[]> {
    return store.work('hiddenPaths', { id, paths });
  }

  async function restoring(job: Job): Promise<void> {
    const { deletion } = job;
    const paths = deletion.content as readonly string[];
    const folder = folderOf(deletion);
    await needFolder(deletion);
    let back = (deletion.progress as TrashProgress | null)?.done ?? 0;
    for (let next = nextOf(deletion) ?? 0; next < paths.length; next += DELETION_FILES) {
      if (isClosed()) return;
      const moving = paths.slice(next, next + DELETION_FILES);
      needMedium(deletion);
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

  async function erasing(job: Job): Promise<void> {
    const { count, bytes } = job.deletion;
    // Where another medium is in place there is no such folder, which looks like one that has been erased.
    needMedium(job.deletion);
    if (!(await eraseFolder(folderOf(job.deletion)))) return;
    needMedium(job.deletion);
    const audit: AuditLine = {
      ...BOX,
      action: 'recordings.erased',
      detail: { deletion: job.deletion.id, files: count, bytes },
    };
    await step(job, { state: 'erased', progress: { at: now() }, audit });
  }

  async function eraseFolder(folder: string): Promise<boolean> {
    for (;;) {
      if (isClosed()) return false;
      const { value } = await client.ask({ kind: 'erase', folder });
      if (!value.more) return true;
    }
  }

  return { step, needFolder, deleting, restoring, erasing, eraseFolder };
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
