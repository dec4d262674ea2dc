/**
 * Deletions of recordings: into the medium's own trash, and back. Each is a row in the store before anything moves, and is
 * worked off in small steps whose file moves can be said twice: a kill, or a medium that goes away, leaves a deletion that
 * is gone on with. A deletion's files lie in `.trash/ID-MARK/`; that folder also tells whether this is the medium that
 * they lie on, for sticks are exchanged.
 */
import type { RecordingDeletion, RecordingDeletions } from '../../cgi/recording/port.ts';
import { CgiError } from '../../cgi/reply.ts';
import type { StoreClient } from '../../storage/client.ts';
import type { AuditLine, By } from '../../storage/sql/audit.ts';
import type { Deletion } from '../../storage/store.ts';
import type { Log } from '../log.ts';
import type { TrashRules } from '../trash-rules.ts';
import { OtherMedium } from './deletion-job.ts';
import { createDeletionQueue } from './deletion-queue.ts';
import { createDeletionWork } from './deletion-work.ts';
import type { FileClient } from './file-client.ts';
import { createTrash, type Trash } from './trash.ts';

export interface RecordingTrash extends RecordingDeletions, Pick<Trash, 'expire' | 'free'> {
  /** @param rule The rule by which it is done, where nobody asked for it: for the audit log. */
  begin(paths: readonly string[], purge: boolean, by: By, rule?: string): Promise<RecordingDeletion>;
  /** Goes on with what a kill or an absent medium interrupted. */
  resume(): void;
  /** Deletions under way or waiting for their medium. */
  underWay(): number;
  /** Stops between two steps; what is left is gone on with at the next start. */
  close(): Promise<void>;
}

export interface DeletionsOptions {
  readonly store: StoreClient;
  readonly client: FileClient;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
  readonly trash: TrashRules;
  /** Epoch seconds. */
  now(): number;
  /** What the index calls the medium in place; null: none is known to be. */
  medium(): number | null;
  /** Calls whose answers have changed: their EventSequences. */
  onCalls(sequences: readonly number[]): void;
  /** Tests have a shorter one. */
  readonly waitMs?: number;
}

export function createRecordingDeletions(options: DeletionsOptions): RecordingTrash {
  const { store, client, log, now, trash: rules } = options;
  const work = createDeletionWork({
    store,
    client,
    now,
    isClosed: () => queue.isClosed(),
    medium: options.medium,
    onCalls: options.onCalls,
    makeRoom: () => trash.makeRoom(),
  });
  const queue = createDeletionQueue({
    work,
    log,
    ...(options.waitMs && { waitMs: options.waitMs }),
  });
  const trash = createTrash({ store, client, queue, work, rules });

  async function begin(paths: readonly string[], wanted: boolean, by: By, rule?: string): Promise<RecordingDeletion> {
    client.check();
    const purge = wanted || rules.skip();
    const at = now();
    // What is purged has expired when it begins.
    const expiresAt = purge ? 0 : at + rules.seconds();
    const job = await queue.begin(async () => {
      const { deletion } = await store.write({
        kind: 'deletion',
        deletion: { kind: 'recording', ...by, medium: options.medium(), expiresAt, content: paths },
        audit: { ...by, action: 'recordings.delete', detail: { files: paths.length, purge, ...(rule && { rule }) } },
      });
      if (!deletion) throw new Error('the store began no deletion');
      return deletion;
    });
    await queue.wait(job);
    const undo = purge || job.deletion.count === 0 ? '' : job.deletion.token;
    return {
      deletion: job.deletion,
      missing: job.missing,
      refused: job.refused,
      undo: job.deletion.state === 'deleting' && !purge ? job.deletion.token : undo,
    };
  }

  async function undo(token: string, by: By): Promise<Deletion | null> {
    const deletion = await store.ask('deletion', token);
    if (deletion?.kind !== 'recording') return null;
    const known = queue.get(deletion.id);
    if (deletion.state === 'restored') return deletion;
    if (deletion.state === 'restoring' && known) {
      await queue.wait(known);
      return known.deletion;
    }
    if (deletion.state === 'deleting') throw new CgiError('conflict', 'the deletion is still under way');
    if (deletion.state !== 'deleted') throw new CgiError('conflict', 'the recordings are erased for good');
    await work.needFolder(deletion).catch((error: unknown) => {
      throw error instanceof OtherMedium ? new CgiError('conflict', error.message) : error;
    });
    const audit: AuditLine = {
      ...by,
      action: 'recordings.restored',
      detail: { deletion: deletion.id, files: deletion.count, bytes: deletion.bytes },
    };
    const job = await queue.turn(deletion, { state: 'restoring', progress: null, audit });
    if (!job) throw new CgiError('conflict', 'the recordings are just being brought back or erased');
    await queue.wait(job);
    return job.deletion;
  }

  return {
    begin,
    undo,
    expire: trash.expire,
    free: trash.free,
    underWay: () => queue.size,
    resume: () =>
      void queue
        .resume(() => store.work('unfinishedDeletions'))
        .catch((error: unknown) => log.error('recordings: deletions could not be resumed', { error })),
    close() {
      const ended = queue.close();
      client.close(); // a step that hangs is broken off, and nothing is said of it
      return ended;
    },
  };
}
