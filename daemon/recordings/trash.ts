/** The medium's trash: what has been in it for its time is erased, and the oldest of it goes first where room is needed. */
import type { StoreClient } from '../../storage/client.ts';
import type { Trashed } from '../../storage/store.ts';
import { isUndated, type TrashRules } from '../trash-rules.ts';
import { FOLDER_NAME, folderOf, isOffline, type Job } from './deletion-job.ts';
import type { DeletionQueue } from './deletion-queue.ts';
import type { DeletionWork } from './deletion-work.ts';
import type { FileClient } from './file-client.ts';

export interface Trash {
  /**
   * Erases what has been in the trash for its time, and what lies in the medium's trash without belonging to anything.
   * While their medium is away they wait, and while another is in its place for a week at most.
   * @param now Epoch seconds. @returns how many deletions it began to erase.
   */
  expire(now: number): Promise<number>;
  /**
   * Makes room on the medium: the oldest trash goes first. Settles when it is gone.
   * @returns bytes freed, which are fewer than wanted when there is no more trash. @throws {CgiError} `storage_offline`
   */
  free(bytes: number): Promise<number>;
  /** Erases the oldest trash that lies on this medium. @returns false when there is none. */
  makeRoom(): Promise<boolean>;
}

export interface TrashOptions {
  readonly store: StoreClient;
  readonly client: FileClient;
  readonly queue: DeletionQueue;
  readonly work: Pick<DeletionWork, 'erasing' | 'eraseFolder'>;
  readonly rules: TrashRules;
}

export function createTrash({ store, client, queue, work, rules }: TrashOptions): Trash {
  async function isHere(each: Trashed): Promise<boolean> {
    return (await client.ask({ kind: 'folder', folder: folderOf(each), make: false })).value === '';
  }

  /** @returns null when somebody is just bringing it back. */
  async function beginErasing(each: Trashed): Promise<Job | null> {
    const deletion = await store.ask('deletion', each.token);
    if (deletion?.state !== 'deleted') return null;
    return queue.turn(deletion, { state: 'erasing', progress: null });
  }

  /** Folders of deletions that nobody knows (another box's, or a state folder that was lost), as old as trash may get. */
  async function removeStrays(at: number): Promise<void> {
    const { value: folders } = await client.ask({ kind: 'list' });
    const old = (at - rules.seconds()) * 1000;
    const known = new Set((await store.work('trashed')).map(folderOf));
    for (const { name, mtimeMs } of folders)
      if (FOLDER_NAME.test(name) && !known.has(name) && mtimeMs < old) await work.eraseFolder(name);
  }

  return {
    async expire(at) {
      let begun = 0;
      for (const each of await store.work('trashed')) {
        if (each.state !== 'deleted') continue;
        if (isUndated(each, at))
          await store.write({ kind: 'deletionExpiry', id: each.id, expiresAt: at + rules.seconds() });
        else if (each.expiresAt <= at && (await beginErasing(each))) begun += 1;
      }
      if (queue.size > 0) queue.giveUp(at);
      await removeStrays(at).catch((error: unknown) => {
        if (!isOffline(error)) throw error;
      });
      return begun;
    },

    async free(bytes) {
      let freed = 0;
      for (const each of await store.work('trashed')) {
        if (freed >= bytes) break;
        if (each.state !== 'deleted') continue;
        if (!(await isHere(each))) continue; // erasing what lies on another medium would free nothing here
        const job = await beginErasing(each);
        if (!job) continue;
        await queue.wait(job);
        if (job.deletion.state === 'erased') freed += each.bytes;
      }
      return freed;
    },

    async makeRoom() {
      for (const each of await store.work('trashed')) {
        const job = each.state === 'deleted' && (await isHere(each)) ? await beginErasing(each) : null;
        if (!job) continue;
        await work.erasing(job);
        queue.remove(each.id);
        return true;
      }
      return false;
    },
  };
}
