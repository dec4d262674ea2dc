/**
 * One backup on the medium, from the store held still to the name that says that it is whole. Copies are plain: a
 * technician opens one with sqlite3, checks it with `sha256sum -c` and puts it back with cp. Compressed (gzip -1) the 141 MB
 * of 200,000 calls are 46, for 1.1 s of a Xeon's core; a small ARM takes some ten times as long, as long as a slow stick
 * saves by it. A stick that can't hold seven plain ones beside its recordings would change our mind.
 */
import { CgiError } from '../../cgi/reply.ts';
import type { StoreClient } from '../../storage/client.ts';
import { StoreError } from '../../storage/errors.ts';
import { backupLimits } from '../limits.ts';
import { type AskMedium, agreed, through } from './pieces.ts';

export interface Written {
  readonly bytes: number;
  readonly schema: number;
  /** SHA-256, hex: of what was read from the store, and of what was read back. */
  readonly sum: string;
  /** @see LastBackup */
  readonly direct: boolean;
  /** @see Known */
  readonly proven: boolean;
}

export interface WriteOptions {
  readonly store: Pick<StoreClient, 'work'>;
  readonly ask: AskMedium;
  readonly name: string;
  /** What is damaged in the store's file, which is held still; '' = nothing, null: it can't be told. Never rejects. */
  prove(file: string): Promise<string | null>;
  /** It is whole, and gets its name next: whoever is to trust it has to know it by then. Never rejects. */
  note(backup: Pick<Written, 'sum' | 'proven'>): Promise<void>;
  /** So many bytes are short on the medium: whether older backups have given way. */
  makeRoom(bytes: number): Promise<boolean>;
  /** Called between two pieces; what it throws ends it. */
  between?(): void;
  /** Bytes that stay free on the medium. */
  readonly leaveFree?: number;
}

/**
 * @throws {StoreError} `corrupt`: the store is damaged. {CgiError} `storage_offline`, `disk_full`, `conflict`. Nothing of it stays on a
 * medium that is still there.
 */
export async function writeBackup(options: WriteOptions): Promise<Written> {
  const { ask, name, note, between } = options;
  try {
    const { sum, ...copied } = await copy(options);
    // Only now: while the store was held still, time counted.
    const back = await through((at) => ask({ kind: 'backupRead', name, at }), between);
    if (back.sum !== sum || back.at !== copied.bytes)
      throw new CgiError('conflict', 'the medium gives back other bytes than were written to it: it is failing');
    await note({ sum, proven: copied.proven });
    agreed(await ask({ kind: 'backupSeal', name, sum }));
    return { ...copied, sum, direct: back.direct };
  } catch (error) {
    await ask({ kind: 'backupClear', name }).catch(() => {}); // else the next one clears it
    throw error;
  }
}

async function copy({ store, ask, name, prove, makeRoom, between, leaveFree = backupLimits.leaveFree }: WriteOptions) {
  const { free, fileMax } = agreed(await ask({ kind: 'backups' }));
  const { holder, file, bytes, schema } = await store.work('copyBegin');
  let ended = false;
  try {
    if (bytes > fileMax) throw new CgiError('disk_full', 'the store is larger than a file may be on the medium');
    const short = leaveFree + bytes - free;
    if (short > 0 && !(await makeRoom(short)))
      throw new CgiError(
        'disk_full',
        `the medium has ${mega(free)} MB free: behind a backup of ${mega(bytes)} less than ${mega(leaveFree)} would be left`,
      );
    // Beside the copy, of which it holds as well: a thread of the box, and none that the medium can hang.
    const proof = prove(file);
    const { sum } = await through((at) => ask({ kind: 'backupCopy', source: file, name, at, bytes }), between);
    const fault = await proof;
    const changed = await store.work('copyEnd', holder);
    ended = true;
    if (changed !== '') throw new CgiError('conflict', changed);
    if (fault) throw new StoreError('corrupt', fault);
    return { bytes, schema, sum, proven: fault === '' };
  } finally {
    if (!ended) await store.work('copyEnd', holder).catch(() => {}); // it ends by itself, too
  }
}

function mega(bytes: number): number {
  return Math.round(bytes / 1_048_576);
}
