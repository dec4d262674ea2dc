/**
 * The looks at the medium: a sweep over today's folder and what is unfinished, quick looks at files that the kernel hinted
 * at, and the full look at everything, folder by folder. What they find or prove gone is told to the index. Every answer
 * of the worker says which medium it is of; when that changes a look ends where it stands, and a full look begins.
 */
import { isDiskFault } from '../../storage/errors.ts';
import type { Log } from '../log.ts';
import type { FolderQueue } from './folder-queue.ts';
import { isStandIn } from './identity-file.ts';
import { dayBefore } from './known.ts';
import { KNOWN_FRESH_MS, SEEN_MS } from './limits.ts';
import { type MediumClient, WorkerLost } from './medium-client.ts';
import type { MediumStateMachine } from './medium-state.ts';
import type { ProbeTurns } from './probe-turns.ts';
import type { FilesAnswer, Lane, MediumLook, RootAnswer } from './protocol.ts';
import type { RecordingIndex } from './recording-index.ts';
import type { SweepTimes } from './sweep-times.ts';

/** Ends a look or sweep whose medium is no longer the one it began with. Not an error: the next sweep starts anew. */
export class MediumChanged extends Error {}

export interface LooksOptions {
  readonly client: Pick<MediumClient, 'ask'>;
  readonly index: RecordingIndex;
  readonly medium: MediumStateMachine;
  readonly times: SweepTimes;
  readonly queue: FolderQueue;
  readonly probes: ProbeTurns;
  readonly log: Pick<Log, 'debug' | 'info' | 'warn' | 'error'>;
  /** Today's folder, `YYYYMMDD`, in the box's zone. */
  today(): string;
  /** Wall clock, milliseconds since 1970. */
  now(): number;
  /** The index is told nothing more. */
  closed(): boolean;
}

export interface LookFigures {
  /** Files told to the index, and files called gone. */
  readonly indexed: number;
  readonly gone: number;
  /** Files that are growing or can't be read yet. */
  readonly pending: number;
  readonly sweeps: number;
  /** Folders compared with the index. */
  readonly looks: number;
  readonly lastSweepMs: number;
  /** 1 while the kernel gives hints for today's folder. */
  readonly watching: number;
}

/** Each throws {@link MediumChanged} or {@link WorkerLost} where it had to end early. */
export interface Looks {
  /** Whether there is a medium whose folders we know. */
  known(): boolean;
  /** Whatever is due: a quick look, a sweep. */
  urgent(): Promise<void>;
  /** One folder of the full look. */
  next(): Promise<void>;
  /** Nothing that we remember of the medium holds any longer; the next sweep that finds it starts with a full look. */
  forget(): void;
  figures(): LookFigures;
}

export function createLooks(options: LooksOptions): Looks {
  const { client, index, medium, times, queue, probes, log, now, closed } = options;
  const mono = (): number => performance.now();
  /** Of the medium whose folders we know; undefined = a full look is due. */
  let identity: string | undefined;
  /** What the index calls it. */
  let mediumId = 0;
  /** The mark that the medium in place is known by; undefined: it has not been asked for. */
  let mark: string | undefined;
  /** When the index was last told that it is in place, monotonic. */
  let seenAt = 0;
  let unfinished = 0;
  /** Folder → monotonic time until which the worker's copy of the index is fresh enough. */
  const freshUntil = new Map<string, number>();
  /** Folder → why it couldn't be listed: said once. */
  const unlisted = new Map<string, string>();
  let lastToday = '';
  /** How often everything was forgotten. */
  let forgotten = 0;
  const count = { indexed: 0, gone: 0, sweeps: 0, looks: 0, lastSweepMs: 0 };
  let watching = false;

  const forget = (): void => {
    forgotten += 1;
    identity = undefined;
    mark = undefined;
    probes.clear();
    queue.clear();
    unfinished = 0;
    unlisted.clear();
    freshUntil.clear();
    times.noQuick();
    watching = false;
  };

  /** The identity to work under; throws when the medium went away meanwhile. */
  const current = (): string => {
    if (closed() || identity === undefined) throw new MediumChanged();
    return identity;
  };

  /** @param expected The identity that it must have. */
  const accept = (look: MediumLook, expected = identity): void => {
    if (look.state !== 'mounted') {
      forget();
      if (!closed()) medium.lost(look.state, look.why, look);
      throw new MediumChanged();
    }
    if (look.identity === expected) return;
    forget();
    times.sweepNow();
    throw new MediumChanged();
  };

  const tell = async (answer: FilesAnswer): Promise<void> => {
    if (closed()) throw new MediumChanged();
    if (answer.found.length > 0) {
      await index.found(mediumId, answer.found);
      count.indexed += answer.found.length;
    }
    if (closed()) throw new MediumChanged();
    if (answer.gone.length > 0) {
      await index.gone(mediumId, answer.gone);
      count.gone += answer.gone.length;
    }
  };

  /** The store refused: the worker believes it told us, so its copy is void and the folder is looked at again. */
  const refused = (folder: string, error: unknown): void => {
    if (closed()) return;
    freshUntil.delete(folder);
    queue.again(folder);
    // What the disk of the store says, its own watch tells.
    if (!isDiskFault(error))
      log.error('recordings: the index refused, the folder will be looked at again', { folder, error });
  };

  /** One folder, all its batches. `keep`: the worker holds a copy of what the index knows, asked afresh now and then. */
  const lookAt = async (folder: string, lane: Lane, keep: boolean, compareAlways: boolean): Promise<void> => {
    const began = current();
    try {
      let known: string | null = null;
      if (!keep || mono() >= (freshUntil.get(folder) ?? 0)) {
        // Set before asking: what is told meanwhile is in the worker's copy as well.
        if (keep) freshUntil.set(folder, mono() + KNOWN_FRESH_MS);
        known = await index.known(mediumId, folder);
      }
      const compare = compareAlways || (keep && known !== null);
      count.looks += 1;
      let answer = await client.ask({
        kind: 'look',
        lane,
        folder,
        known,
        keep,
        compare,
        identity: current(),
        now: now(),
      });
      for (;;) {
        accept(answer.medium);
        if (answer.needKnown) {
          freshUntil.delete(folder);
          queue.again(folder);
          return;
        }
        unfinished = answer.unfinished;
        await tell(answer);
        if (answer.settling > 0) times.quickAgainSoon();
        if (!answer.more) break;
        // A full look of thousands of files lets today's go first.
        if (lane === 'full') await urgent();
        if (identity !== began) throw new MediumChanged();
        answer = await client.ask({ kind: 'more', lane, identity: current(), now: now() });
      }
      if (answer.error && unlisted.get(folder) !== answer.error) {
        log.warn('recordings: a folder cannot be listed', { folder, code: answer.error });
      }
      if (answer.error) unlisted.set(folder, answer.error);
      else unlisted.delete(folder);
      if (answer.growing + answer.missed > 0 || answer.error) queue.again(folder);
      else queue.settled(folder);
    } catch (error) {
      if (error instanceof MediumChanged || error instanceof WorkerLost) throw error;
      refused(folder, error);
    }
  };

  const quick = async (): Promise<void> => {
    times.quickBegan();
    const answer = await client.ask({ kind: 'quick', identity: current(), now: now() });
    accept(answer.medium);
    unfinished = answer.unfinished;
    try {
      await tell(answer);
    } catch (error) {
      if (error instanceof MediumChanged) throw error;
      for (const file of answer.found) refused(folderOf(file.path), error);
    }
    if (answer.settling > 0) times.quickAgain();
    if (answer.lookAgain) times.sweepNow();
  };

  /** Which medium it is, and whether it takes recordings. What is written changes its folder, and so its identity. */
  const probe = async (before: string): Promise<string> => {
    const answer = await client.ask({ kind: 'probe', identity: before });
    if (answer.medium.state !== 'mounted' || answer.mark === '') {
      accept(answer.medium, before);
      throw new MediumChanged();
    }
    // Another stick under the numbers of the last one, or the mark is lost: its folders are to be looked at as its own.
    if (mark !== undefined && answer.mark !== mark && !isStandIn(mark)) {
      forget();
      times.sweepNow();
      throw new MediumChanged();
    }
    probes.tried(answer.writing);
    if (answer.mark !== mark || mono() - seenAt >= SEEN_MS) {
      mediumId = await index.medium(answer.mark, mark ?? null);
      seenAt = mono();
    }
    mark = answer.mark;
    return answer.medium.identity;
  };

  /** A new medium, or the first: everything is to be looked at, today and yesterday by the sweep that found it. */
  const startFullLook = async (answer: RootAnswer): Promise<void> => {
    const known = await index.folders(mediumId);
    freshUntil.clear();
    queue.begin(answer.folders ?? [], known, lastToday);
    log.debug('recordings: full look', { folders: queue.left() });
  };

  const sweep = async (): Promise<void> => {
    const began = mono();
    medium.sweepBegan();
    if (times.sweepBegan()) freshUntil.clear();
    try {
      const today = options.today();
      const yesterday = dayBefore(today);
      // After a jump of the clock yesterday isn't the folder we looked at last.
      if (lastToday && lastToday !== today) queue.lookOften(lastToday);
      lastToday = today;
      const full = identity === undefined;
      const before = forgotten;
      const answer = await client.ask({ kind: 'root', today, yesterday, full });
      accept(answer.medium, full ? answer.medium.identity : identity);
      probes.seen(answer.space, answer.readOnly);
      const proven = probes.due() ? await probe(answer.medium.identity) : answer.medium.identity;
      if (full) await startFullLook(answer);
      else if (answer.folders) queue.compare(answer.folders);
      if (closed() || forgotten !== before) throw new MediumChanged();
      identity = proven;
      watching = answer.watching;
      medium.found(answer.medium, mediumId, probes.writing());
      const days = [today, yesterday].filter((folder) => folder !== '');
      const others = queue.sweep(days);
      for (const folder of days) await lookAt(folder, 'now', true, folder === today);
      for (const folder of others) {
        queue.toEnd(folder);
        await lookAt(folder, 'now', false, false);
      }
      medium.sweepDone();
    } finally {
      count.sweeps += 1;
      times.sweepEnded();
      count.lastSweepMs = Math.round(mono() - began);
    }
  };

  const urgent = async (): Promise<void> => {
    if (times.quickDue() && identity !== undefined) await quick();
    if (times.sweepDue()) await sweep();
  };

  return {
    known: () => identity !== undefined,
    urgent,
    async next() {
      const folder = queue.next();
      if (folder !== undefined) await lookAt(folder, 'full', false, false);
    },
    forget,
    figures: () => ({ ...count, pending: unfinished, watching: watching ? 1 : 0 }),
  };
}

function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : '';
}
