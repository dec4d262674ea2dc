/**
 * Backups: one at a time, by night or asked for; when a new one is whole, those that are over go. How the last one went
 * stands in the store, so that a box that is switched off every evening still knows it.
 */
import type { Backup, BackupState, Backups, LastBackup } from '../../cgi/backup/port.ts';
import { CgiError } from '../../cgi/reply.ts';
import type { StoreClient } from '../../storage/client.ts';
import { StoreError } from '../../storage/errors.ts';
import { backupName, backupTime, overdue } from '../../storage/model/backup-name.ts';
import type { Zone } from '../../storage/model/local-time.ts';
import type { By } from '../../storage/sql/audit.ts';
import type { Log } from '../log.ts';
import { boxId } from './box-id.ts';
import { boxBackups } from './candidates.ts';
import { type Known, knownBackups, rememberBackup } from './known.ts';
import { type AskMedium, agreed } from './pieces.ts';
import { writeBackup } from './write-backup.ts';

export interface BackupsOptions {
  readonly store: StoreClient;
  readonly stateDir: string;
  readonly ask: AskMedium;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
  readonly zone: Zone;
  /** Epoch seconds; 0 while the clock isn't set. */
  now(): number;
  /** The setting `backup.keep`. */
  keep(): number;
  nextAt(): number | null;
  /** What is damaged in the store's file, which is held still; '' = nothing. @throws when it can't be told. */
  prove(file: string): Promise<string>;
  /** The store proved damaged. */
  onDamage(error: StoreError): void;
  /** Tests give another. @see WriteOptions */
  readonly leaveFree?: number;
}

export interface BackupMaker extends Backups {
  /** A medium has come: whether it has backups of a store that was lost. */
  look(): Promise<void>;
  /** Whoever waits for one is told at once; what is under way ends between two pieces, or never: the medium may hang. */
  close(): void;
}

/** Where the store keeps how the last one went. */
const LAST = 'backup.last';

export async function createBackups(options: BackupsOptions): Promise<BackupMaker> {
  const { store, stateDir, ask, log, zone, now, keep, nextAt, onDamage, leaveFree } = options;
  let last = (await store.ask('setting', LAST)) as LastBackup | null;
  let why = '';
  let former = '';
  let failures = 0;
  /** By name. */
  const unnoted = new Map<string, Known>();
  let running: Promise<LastBackup> | null = null;
  let closed = false;

  const stopping = new CgiError('conflict', 'cdrd stops');
  let tellWaiting: (error: Error) => void = () => {};
  const stopped = new Promise<never>((_, reject) => {
    tellWaiting = reject;
  });
  stopped.catch(() => {}); // nobody may be waiting
  const between = () => {
    if (closed) throw stopping;
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
      if (error instanceof StoreError && error.code === 'corrupt') onDamage(error);
      throw error;
    }
  }

  async function prove(file: string): Promise<string | null> {
    try {
      return await options.prove(file);
    } catch (error) {
      log.warn('backup: whether the store is whole could not be told', { error });
      return null;
    }
  }

  async function write(by: By): Promise<LastBackup> {
    const at = now();
    if (at === 0) throw new CgiError('conflict', 'the clock is not set');
    const name = backupName(at, await boxId(stateDir));
    const written = await writeBackup({
      store,
      ask,
      name,
      prove,
      makeRoom: (bytes) => makeRoom(bytes, by),
      note: (backup) => note(name, backup),
      between,
      ...(leaveFree !== undefined && { leaveFree }),
    });
    last = { name, at, ...written };
    const { bytes, schema, sum, direct, proven } = written;
    const audit = { ...by, action: 'backup.made', detail: { name, bytes, schema, sum } };
    await store.write({ kind: 'setting', name: LAST, value: last, audit }).catch((error: unknown) => {
      log.warn('backup: the store could not note it', { name, error }); // it is made all the same
    });
    log.info('backup: made', { name, bytes, direct, proven });
    return last;
  }

  /** On a full disk a backup is most wanted: what can't be noted now is with the next. */
  async function note(name: string, backup: Omit<Known, 'former'>): Promise<void> {
    unnoted.set(name, { ...backup, former: false });
    try {
      for (const [each, of] of unnoted) await rememberBackup(stateDir, each, of);
      unnoted.clear();
    } catch (error) {
      log.warn('backup: the box could not note its checksum; until it can, only a person goes back to it', {
        name,
        error,
      });
    }
  }

  async function known(): Promise<Map<string, Known>> {
    return new Map([...(await knownBackups(stateDir)), ...unnoted]);
  }

  async function rotate(by: By): Promise<void> {
    const { own, spare } = await removable();
    const names = overdue([...own.keys()], keep(), (at) => zone.text(at).slice(0, 10));
    await remove(
      names.filter((name) => spare.has(name)),
      by,
    );
  }

  /** The oldest go first, and none if all of them were not enough. @returns whether there is room now. */
  async function makeRoom(bytes: number, by: By): Promise<boolean> {
    const names: string[] = [];
    let freed = 0;
    for (const [name, size] of (await removable()).spare) {
      if (freed >= bytes) break;
      names.push(name);
      freed += size;
    }
    if (freed < bytes) return false;
    await remove(names, by);
    return true;
  }

  /**
   * What this box made (on a share, another's may lie beside) and is on the medium, in the order of making, by names with
   * their bytes; and of that what may go: not what last proved whole, however old, or without any, not the newest.
   */
  async function removable(): Promise<{ own: Map<string, number>; spare: Map<string, number> }> {
    const there = (await ofMedium()).filter(({ checksum }) => checksum === 'same');
    const sizes = new Map(there.map(({ name, bytes }) => [name, bytes]));
    // Those of a lost store stay until somebody has decided: each new one knows less than any of them.
    const noted = [...(await known())].filter(([name, { former }]) => sizes.has(name) && !former);
    const own = new Map(noted.map(([name]) => [name, sizes.get(name) ?? 0]));
    const kept = noted.findLast(([, { proven }]) => proven) ?? noted.at(-1);
    const spare = new Map([...own].filter(([name]) => name !== kept?.[0]));
    return { own, spare };
  }

  async function remove(names: readonly string[], by: By): Promise<void> {
    if (names.length === 0) return;
    agreed(await ask({ kind: 'backupRemove', names }));
    const audit = { ...by, action: 'backup.removed', detail: { names: names.join(' ') } };
    await store.write({ kind: 'audit', audit });
  }

  async function look(): Promise<void> {
    const there = (await ofMedium()).filter(({ checksum }) => checksum === 'same').map(({ name }) => name);
    const found = [...(await known())].filter(([name, backup]) => backup.former && there.includes(name));
    const newest = found.at(-1)?.[0] ?? '';
    if (newest !== '' && newest !== former)
      log.error('a backup of the store that was lost is on the medium: stop cdrd, and have it restored', {
        name: newest,
      });
    former = newest;
  }

  async function ofMedium(): Promise<Backup[]> {
    const { backups } = agreed(await ask({ kind: 'backups' }));
    const noted = await known();
    return backups.map(({ name, bytes, schema, sum }) => {
      const own = noted.get(name);
      const checksum = sum === '' ? 'none' : own === undefined ? 'unknown' : own.sum === sum ? 'same' : 'different';
      const proven = checksum === 'same' && own?.proven === true;
      return { name, at: backupTime(name) ?? 0, bytes, schema, place: 'medium', checksum, proven };
    });
  }

  return {
    state: (): BackupState => ({ running: running !== null, last, why, failures, former }),
    nextAt,
    async list() {
      const all = [...(await ofMedium()), ...(await boxBackups(stateDir))];
      return all.sort((a, b) => b.at - a.at);
    },
    look,
    ofBox: () => boxBackups(stateDir),
    make(by) {
      running ??= Promise.race([perform(by), stopped]).finally(() => {
        running = null;
      });
      return running;
    },
    close() {
      closed = true;
      tellWaiting(stopping);
    },
  };
}
