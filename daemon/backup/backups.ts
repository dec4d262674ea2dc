/**
 * Backups: one at a time, by night or asked for; when a new one is whole, those that are over go. How the last one went
 * stands in the store, so that a box that is switched off every evening still knows it.
 */
import type { Backup, BackupState, Backups, LastBackup } from '../../cgi/backup/port.ts';
import { CgiError } from '../../cgi/reply.ts';
import type { StoreClient } from '../../storage/client.ts';
import { backupName, backupTime, overdue } from '../../storage/model/backup-name.ts';
import type { Zone } from '../../storage/model/local-time.ts';
import type { By } from '../../storage/sql/audit.ts';
import type { Log } from '../log.ts';
import { boxBackups } from './candidates.ts';
import { knownSums, rememberSum } from './known.ts';
import { type AskMedium, agreed } from './pieces.ts';
import { writeBackup } from './write-backup.ts';

export interface BackupsOptions {
  readonly store: StoreClient;
  readonly stateDir: string;
  readonly ask: AskMedium;
  readonly log: Pick<Log, 'info' | 'warn'>;
  readonly zone: Zone;
  /** Epoch seconds; 0 while the clock isn't set. */
  now(): number;
  /** The setting `backup.keep`. */
  keep(): number;
  nextAt(): number | null;
  /** Tests give another. @see WriteOptions */
  readonly leaveFree?: number;
}

export interface BackupMaker extends Backups {
  /** What is under way ends between two pieces; it isn't waited for, the medium may hang. */
  close(): void;
}

/** Where the store keeps how the last one went. */
const LAST = 'backup.last';

export async function createBackups(options: BackupsOptions): Promise<BackupMaker> {
  const { store, stateDir, ask, log, zone, now, keep, nextAt, leaveFree } = options;
  let last = (await store.ask('setting', LAST)) as LastBackup | null;
  let why = '';
  let failures = 0;
  let running: Promise<LastBackup> | null = null;
  let closed = false;

  const between = () => {
    if (closed) throw new CgiError('conflict', 'cdrd stops');
  };

  async function perform(by: By): Promise<LastBackup> {
    try {
      const made = await write(by);
      why = '';
      await rotate(by).catch((error: unknown) => log.warn('backup: old ones could not be removed', { error }));
      return made;
    } catch (error) {
      if (closed) throw error;
      why = error instanceof Error ? error.message : String(error);
      failures += 1;
      const audit = { ...by, action: 'backup.failed', detail: { why } };
      await store.write({ kind: 'audit', audit }).catch(() => {}); // the store itself may be why
      throw error;
    }
  }

  async function write(by: By): Promise<LastBackup> {
    const at = now();
    if (at === 0) throw new CgiError('conflict', 'the clock is not set');
    const name = backupName(at);
    const written = await writeBackup({ store, ask, name, between, ...(leaveFree !== undefined && { leaveFree }) });
    await rememberSum(stateDir, name, written.sum);
    last = { name, at, ...written };
    const { bytes, schema, sum, direct } = written;
    const audit = { ...by, action: 'backup.made', detail: { name, bytes, schema, sum } };
    await store.write({ kind: 'setting', name: LAST, value: last, audit });
    log.info('backup: made', { name, bytes, direct });
    return last;
  }

  /** Only what this box made: on a share, another's may lie beside. */
  async function rotate(by: By): Promise<void> {
    const there = new Set((await ofMedium()).filter(({ checksum }) => checksum === 'same').map(({ name }) => name));
    const own = [...(await knownSums(stateDir)).keys()].filter((name) => there.has(name));
    const names = overdue(own, keep(), (at) => zone.text(at).slice(0, 10));
    if (names.length === 0) return;
    agreed(await ask({ kind: 'backupRemove', names }));
    const audit = { ...by, action: 'backup.removed', detail: { names: names.join(' ') } };
    await store.write({ kind: 'audit', audit });
  }

  async function ofMedium(): Promise<Backup[]> {
    const { backups } = agreed(await ask({ kind: 'backups' }));
    const known = await knownSums(stateDir);
    return backups.map(({ name, bytes, schema, sum }) => {
      const own = known.get(name);
      const checksum = sum === '' ? 'none' : own === undefined ? 'unknown' : own === sum ? 'same' : 'different';
      return { name, at: backupTime(name) ?? 0, bytes, schema, place: 'medium', checksum };
    });
  }

  return {
    state: (): BackupState => ({ running: running !== null, last, why, failures }),
    nextAt,
    async list() {
      const all = [...(await ofMedium()), ...(await boxBackups(stateDir))];
      return all.sort((a, b) => b.at - a.at);
    },
    ofBox: () => boxBackups(stateDir),
    make(by) {
      running ??= perform(by).finally(() => {
        running = null;
      });
      return running;
    },
    close() {
      closed = true;
    },
  };
}
