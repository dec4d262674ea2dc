/**
 * Opens the store, whatever became of it. A damaged one is set aside whole, never removed, and the newest backup that
 * proves good takes its place; without any it is a new store. Either way the CDR CSV then brings what Asterisk still has,
 * and a full look the recordings. It is said loudly, and it ends: each candidate is tried once.
 */
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { StoreClient } from '../../storage/client.ts';
import { StoreError } from '../../storage/errors.ts';
import type { FileWork } from '../../storage/file-work.ts';
import { isBeingReplaced, numbersNote, stagedFile } from '../../storage/replaced.ts';
import { BOX } from '../box.ts';
import { backupLimits } from '../limits.ts';
import type { Log } from '../log.ts';
import { type Candidate, newestFirst, onBox, onMedium } from './candidates.ts';
import { forgetFormer, type Known, knownBackups, markFormer } from './known.ts';
import type { AskMedium } from './pieces.ts';
import { pruneSetAside } from './set-aside.ts';
import { acquit, forgetSuspicion, suspect, suspicion } from './suspicion.ts';

export interface RecoverOptions {
  /** The store's file. */
  readonly file: string;
  readonly stateDir: string;
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>;
  /** Epoch seconds. */
  now(): number;
  /** The media that may hold backups: each step on them has its deadline. */
  readonly media: readonly AskMedium[];
  /** @see openStoreWorker */
  open(onDeath: (error: StoreError) => void): Promise<StoreClient>;
  /** @see workOnFile */
  work<O extends keyof FileWork>(operation: O, argument: Parameters<FileWork[O]>[0]): Promise<ReturnType<FileWork[O]>>;
  onDeath(error: StoreError): void;
  /** Tests give shorter ones. */
  readonly limits?: { readonly mediumMs: number; readonly lookMs: number };
}

/** @throws {StoreError} when even a new store can't be opened, or for another reason than damage. */
export async function openOrRecover(given: RecoverOptions): Promise<StoreClient> {
  let died = false;
  const onDeath = (error: StoreError) => {
    if (died) return;
    died = true;
    if (error.code === 'corrupt') noteDamage(given, error);
    given.onDeath(error);
  };
  let damage = (await isLost(given)) ? 'the store is not there' : await suspectedDamage(given);
  let rest: Rest | null = null;
  for (;;) {
    if (damage !== '') {
      rest ??= await candidates(given);
      await replace(given, damage, rest);
    }
    try {
      return await given.open(onDeath);
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'corrupt' || rest?.ended) throw error;
      damage = error.message;
    }
  }
}

/** The next start looks into it. */
export function noteDamage(
  { stateDir, log, now }: Pick<RecoverOptions, 'stateDir' | 'log' | 'now'>,
  met: StoreError,
): void {
  try {
    suspect(stateDir, met.message, now());
  } catch (error) {
    log.error('the damage that was met could not be noted', { error });
  }
}

/** What is left to be tried. */
interface Rest {
  readonly untried: Candidate[];
  /** Names of those that were tried and didn't serve. */
  readonly refused: string[];
  /** A new store has been tried as well. */
  ended: boolean;
}

/** A box that has the note of its numbers, or backups, had a store: a power cut, or its repair, may cost the file altogether. */
async function isLost({ file, stateDir }: RecoverOptions): Promise<boolean> {
  if (existsSync(file) || isBeingReplaced(file)) return false;
  if (existsSync(numbersNote(file))) return true;
  return (await knownBackups(stateDir)).size > 0 || (await onBox(stateDir)).length > 0;
}

/** @returns what is wrong with the store, as far as an earlier run has met it; '' = nothing that is known. */
async function suspectedDamage({ file, stateDir, log, work }: RecoverOptions): Promise<string> {
  const suspected = suspicion(stateDir);
  if (!suspected || suspected.passed) return '';
  if (suspected.again) return suspected.why;
  log.warn('the store is read from end to end: damage was met in it', { why: suspected.why });
  const fault = await work('faultIn', file).catch((error: unknown) => {
    log.warn('the store can not be read from end to end', { error }); // the disk is at fault: opening it tells more
    return null;
  });
  if (fault !== '') return fault ?? '';
  log.warn('the store is whole all the same');
  acquit(stateDir, suspected);
  return '';
}

/**
 * Those of this box alone: a stick of another is plugged in as well. Behind a power cut the store may be opened before the
 * stick is mounted: the one that must be on it is waited for.
 */
async function candidates(given: RecoverOptions): Promise<Rest> {
  const { stateDir, log, limits = backupLimits } = given;
  const known = await knownBackups(stateDir);
  const newest = [...known.keys()].at(-1);
  const end = performance.now() + limits.mediumMs;
  for (let told = false; ; told = true) {
    const found = await onMedia(given, known, told);
    if (newest === undefined || found.some(({ name }) => name === newest) || performance.now() >= end)
      return { untried: newestFirst(found, await onBox(stateDir), known.keys()), refused: [], ended: false };
    if (!told) log.warn('waiting for the medium with the last backup', { name: newest });
    await pause(limits.lookMs);
  }
}

async function onMedia({ media, log }: RecoverOptions, known: ReadonlyMap<string, Known>, told: boolean) {
  const found: Candidate[] = [];
  for (const ask of media) {
    try {
      found.push(...(await onMedium(ask, (name, sum) => known.get(name)?.sum === sum)));
    } catch (error) {
      if (!told) log.warn('a medium can not be asked for backups', { error });
    }
  }
  return found;
}

async function replace(given: RecoverOptions, because: string, rest: Rest): Promise<void> {
  const { file, stateDir, log, now, work } = given;
  log.error('the store is damaged: it is set aside, and a backup takes its place', { because });
  const from = await stageNext(given, rest);
  if (from === '') await markFormer(stateDir, rest.refused);
  const replacing = { file, from, because, who: BOX.who, at: now(), why: 'corrupt' } as const;
  const aside = await work('replace', replacing);
  forgetSuspicion(stateDir);
  await forgetFormer(stateDir, from);
  for (const name of pruneSetAside(stateDir)) log.warn('a store that was set aside long ago had to go', { name });
  if (from === '') log.error('no backup proved good: a new, empty store', { aside });
  else log.error('a backup has taken the place of the store', { from, aside });
}

/** @returns which one lies ready; '' = none of those left. */
async function stageNext({ file, log, work }: RecoverOptions, rest: Rest): Promise<string> {
  for (let next = rest.untried.shift(); next; next = rest.untried.shift()) {
    try {
      await next.stage(stagedFile(file));
      const { schema } = await work('examineStaged', file);
      log.info('a backup proves good', { name: next.name, schema });
      return next.name;
    } catch (error) {
      log.warn('a backup does not serve', { name: next.name, error });
      rest.refused.push(next.name);
    }
  }
  rest.ended = true;
  return '';
}
