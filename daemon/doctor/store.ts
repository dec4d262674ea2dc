/** The store: its disk, whether it is whole, whether another took its place, and whether it can be gone back to. */
import type { Backups } from '../../cgi/backup/port.ts';
import type { StoreClient } from '../../storage/client.ts';
import type { Replacement } from '../../storage/replaced.ts';
import { backupLimits } from '../limits.ts';
import { type Check, type Finding, fault, ok, warning } from './finding.ts';
import { inTurn, restartCdrd, service } from './mend.ts';
import { diskFinding } from './root/files.ts';

export interface StoreParts {
  readonly store: Pick<StoreClient, 'disk' | 'ask' | 'work'>;
  readonly stateDir: string;
  readonly replacement: Replacement | null;
  readonly backups: Pick<Backups, 'state'>;
  backupsWanted(): boolean;
  /** Room on its disk; null: the system doesn't say. */
  space(): Promise<{ readonly free: number; readonly total: number } | null>;
  /** What is damaged in a store that is held still; '' = nothing. */
  prove(file: string): Promise<string>;
  /** Records that could be kept nowhere. */
  lost(): number;
  /** Epoch seconds. */
  now(): number;
}

/** Bytes of a store that is read whole while somebody waits: a small ARM box takes four seconds. */
const PROVE_MAX = 100_000_000;
const BACKUP_OLD_DAYS = 3;

export function storeChecks(parts: StoreParts): readonly Check[] {
  return [
    { name: 'state.disk', look: () => disk(parts) },
    { name: 'store.whole', look: async () => [await whole(parts)] },
    { name: 'store.backup', look: () => [backup(parts)] },
    { name: 'store.records', look: () => [records(parts)] },
  ];
}

async function disk({ store, stateDir, space }: StoreParts): Promise<readonly Finding[]> {
  const { state, why, reserve } = store.disk;
  if (state !== 'ok')
    return [fault('state.disk', `no records are taken: ${why}`, state === 'full' ? null : restartCdrd())];
  const room = await space();
  return room ? [diskFinding(stateDir, room, reserve)] : [];
}

async function whole({ store, prove, replacement, backups, now }: StoreParts): Promise<Finding> {
  if (replacement && now() - replacement.at < backupLimits.toldSeconds) {
    const by = replacement.from || 'a new, empty store';
    return warning(
      'store.whole',
      `${by} has taken the store's place (${replacement.because}): calls since then may be missing`,
      null,
    );
  }
  // Whoever copies it has it still; a second one would make that copy void.
  if (await store.ask('isHeldStill')) return ok('store.whole', 'it is being copied: ask again when that is done');
  const { holder, file, bytes } = await store.work('copyBegin');
  try {
    if (bytes > PROVE_MAX) {
      const { last } = backups.state();
      const proven = last?.proven ? `; it was whole when the last backup was made` : '';
      return ok('store.whole', `it has ${Math.floor(bytes / 1e6)} MB, too many to read while you wait${proven}`);
    }
    const found = await prove(file);
    // A backup that began meanwhile, or much that was written: half of it is of then, and looks like damage.
    const moved = await store.work('copyEnd', holder);
    if (moved !== '') return ok('store.whole', `it could not be read at one stretch (${moved}): ask again`);
    if (found === '') return ok('store.whole', `all of its ${Math.ceil(bytes / 1e6)} MB were read, and are whole`);
    return fault(
      'store.whole',
      `the store is damaged (${found}): a backup takes its place, and what is missing comes from the CDR CSV`,
      inTurn(service('stop', 'cdrd'), 'cdrd restore --latest', service('start', 'cdrd')),
    );
  } finally {
    await store.work('copyEnd', holder).catch(() => {});
  }
}

function backup({ backups, backupsWanted, now }: StoreParts): Finding {
  const { last, why } = backups.state();
  if (why !== '') return warning('store.backup', `the last backup could not be made: ${why}`, 'cdrd backup');
  if (!backupsWanted()) return ok('store.backup', 'no backups are made: they are switched off (backup.enable)');
  if (!last) return ok('store.backup', 'no backup is made yet: it comes at night, when a medium is there');
  const days = Math.floor((now() - last.at) / 86_400);
  const says = `the last backup was made ${days === 0 ? 'today or yesterday' : `${days} days ago`}`;
  return days >= BACKUP_OLD_DAYS ? warning('store.backup', says, 'cdrd backup') : ok('store.backup', says);
}

function records({ lost }: StoreParts): Finding {
  const count = lost();
  if (count === 0) return ok('store.records', 'every record since the start is stored');
  return warning(
    'store.records',
    `${count === 1 ? '1 record' : `${count} records`} since the start could not be stored, and no CDR CSV was read that could bring them`,
    null,
  );
}
