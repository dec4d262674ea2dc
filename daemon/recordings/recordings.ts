/**
 * The recordings folder: look first, then watch, then sweep. A full look at start and after every remount finds what was
 * missed; hints from the kernel make today's finished recordings known in under a second; the sweep is the truth. What is
 * found or proven gone is told to the index; nothing is ever called gone while the medium isn't proven alive.
 */
import type { Log } from '../log.ts';
import { dayBefore, newestFirst } from './known.ts';
import {
  CLOSE_MS,
  HINT_SWEEP_MS,
  KNOWN_FRESH_MS,
  LOOKS_APART_MS,
  QUICK_LOOKS_MAX,
  RECENT_FOLDERS_MAX,
  STEP_DEADLINE_MS,
  SWEEP_FOLDERS_MAX,
} from './limits.ts';
import { createMediumClient, WorkerLost } from './medium-client.ts';
import type { FilesAnswer, FoundRecording, Lane, MediumLook, RequireMount, RootAnswer } from './protocol.ts';
import type { Threads } from './step-client.ts';

export type { FoundRecording, RequireMount } from './protocol.ts';

/** What is already known, and who is told; the store implements it. A rejection is logged and the folder looked at again. */
export interface RecordingIndex {
  /** The medium with this mark is in place. @returns what the index calls it: all the others are asked about it alone. */
  medium(mark: string): Promise<number>;
  /** What the index knows of one folder (`''` = the root): lines `name\tsize\tmtimeMs`, newline separated; '' = nothing. */
  known(medium: number, folder: string): Promise<string>;
  /** Folders that the index knows. */
  folders(medium: number): Promise<string[]>;
  /** Insert or update by path; may come twice. */
  found(medium: number, files: readonly FoundRecording[]): Promise<void>;
  /** These were missed by two looks at a living medium. */
  gone(medium: number, paths: readonly string[]): Promise<void>;
}

export interface MediumState {
  /** absent = none there; dead = there and not answering, or answering with errors. */
  readonly state: 'absent' | 'mounted' | 'dead';
  /** For people; '' when mounted. */
  readonly why: string;
  /** Wall clock of the change, milliseconds since 1970. */
  readonly since: number;
  /** `MAJ:MIN`. */
  readonly device?: string;
  /** What the index calls the medium that is in place; absent: none is known to be. */
  readonly medium?: number;
}

export interface RecordingsOptions {
  /** The recordings folder, absolute. */
  readonly dir: string;
  readonly requireMount: RequireMount;
  readonly sweepSeconds: number;
  /** The bundled `medium-worker.mjs`. */
  readonly worker: URL;
  /** Shared with the worker for file work. */
  readonly threads?: Threads;
  readonly index: RecordingIndex;
  readonly log: Pick<Log, 'debug' | 'info' | 'warn' | 'error'>;
  /** Today's folder, `YYYYMMDD`, in the box's zone. */
  today(): string;
  /** Wall clock, milliseconds since 1970. */
  now(): number;
  onState?(state: MediumState): void;
  /** For tests: where the system tells of mounts, and how long a step may take. */
  readonly mountinfo?: string;
  readonly blockDevices?: string;
  readonly stepDeadlineMs?: number;
}

/** For /metrics. Counts are since the start. */
export interface RecordingFigures {
  /** Files told to the index, and files called gone. */
  readonly indexed: number;
  readonly gone: number;
  /** Files that are growing or can't be read yet. */
  readonly pending: number;
  readonly sweeps: number;
  /** Folders compared with the index. */
  readonly looks: number;
  readonly workerRestarts: number;
  /** Workers that still hang in a file call. */
  readonly workersHung: number;
  readonly lastSweepMs: number;
  /** 1 while the kernel gives hints for today's folder. */
  readonly watching: number;
  /** Folders that the full look has still to see. */
  readonly foldersToLook: number;
}

export interface Recordings {
  state(): MediumState;
  figures(): RecordingFigures;
  /** Sweeps now, with the index asked afresh; resolves when that sweep is done, also when the medium is away. */
  sweepNow(): Promise<void>;
  /** Resolves when the first full look is done, or when the first try found no medium, or on close. */
  readonly firstLook: Promise<void>;
  /** Resolves within 2 s, also when the medium hangs. Tells the index nothing more. */
  close(): Promise<void>;
}

/** A little more than the distance asked for, because timers may come early by a fraction. */
const SECOND_LOOK_MS = LOOKS_APART_MS + 20;

/** Ends a look or sweep whose medium is no longer the one it began with. Not an error: the next sweep starts anew. */
class MediumChanged extends Error {}

/** Starts looking at once; never throws for a medium that isn't there. */
export function startRecordings(options: RecordingsOptions): Recordings {
  const { index, log, now } = options;
  const mono = (): number => performance.now();
  const sweepMs = options.sweepSeconds * 1000;

  let medium: MediumState = { state: 'absent', why: 'not looked at yet', since: now() };
  /** Of the medium whose folders we know; undefined = a full look is due. */
  let identity: string | undefined;
  /** What the index calls it. */
  let mediumId = 0;
  let folders: ReadonlySet<string> = new Set();
  /** Folders that the full look has still to see, newest first. Bounded by the medium's own first level. */
  let toLook: string[] = [];
  /** Folders to look at again: something is unfinished, missed, or was refused. Bounded by the medium's own first level. */
  const pending = new Set<string>();
  /** Folders that every sweep looks at too, oldest first ({@link RECENT_FOLDERS_MAX}). */
  let recent: string[] = [];
  let unfinished = 0;
  /** Folder → monotonic time until which the worker's copy of the index is fresh enough. */
  const freshUntil = new Map<string, number>();
  /** Folder → why it couldn't be listed: said once. */
  const unlisted = new Map<string, string>();
  let lastToday = '';
  const count = { indexed: 0, gone: 0, sweeps: 0, looks: 0, lastSweepMs: 0 };
  let watching = false;

  let closed = false;
  let nextSweep = 0;
  let lastSweepEnd = Number.NEGATIVE_INFINITY;
  let quickAt = Number.POSITIVE_INFINITY;
  let quickLeft = 0;
  let wake = (): void => {};
  let sweepWaiters: (() => void)[] = [];
  let resolveFirst = (): void => {};
  const firstLook = new Promise<void>((resolve) => {
    resolveFirst = resolve;
  });

  const client = createMediumClient({
    worker: options.worker,
    ...(options.threads && { threads: options.threads }),
    deadlineMs: options.stepDeadlineMs ?? STEP_DEADLINE_MS,
    settings: {
      dir: options.dir,
      requireMount: options.requireMount,
      mountinfo: options.mountinfo ?? '/proc/self/mountinfo',
      blockDevices: options.blockDevices ?? '/sys/dev/block',
    },
    hint(kind) {
      if (kind === 'files') quickSoon(0);
      else nextSweep = Math.min(nextSweep, Math.max(mono(), lastSweepEnd + HINT_SWEEP_MS));
      wake();
    },
    note: (message, fields) => log.warn(message, fields),
  });

  const quickSoon = (delayMs: number): void => {
    if (identity === undefined) return;
    quickAt = Math.min(quickAt, mono() + delayMs);
    quickLeft = QUICK_LOOKS_MAX;
  };

  const setState = (state: MediumState['state'], why: string, device: string): void => {
    const changed = state !== medium.state || why !== medium.why || device !== (medium.device ?? '');
    if (state !== 'mounted') forget();
    if (!changed || closed) return;
    const known = state === 'mounted' && { medium: mediumId };
    medium = { state, why, since: now(), ...(device && { device }), ...known };
    const fields = { state, why: why || undefined, device: device || undefined, dir: options.dir };
    if (state === 'mounted') log.info('recordings: the medium is there', fields);
    else log.warn('recordings: no medium', fields);
    options.onState?.(medium);
  };

  /** Nothing that we remember of the medium holds any longer; the next sweep that finds it starts with a full look. */
  const forget = (): void => {
    identity = undefined;
    toLook = [];
    pending.clear();
    recent = [];
    unfinished = 0;
    unlisted.clear();
    freshUntil.clear();
    quickAt = Number.POSITIVE_INFINITY;
    watching = false;
  };

  /** The identity to work under; throws when the medium went away meanwhile. */
  const current = (): string => {
    if (closed || identity === undefined) throw new MediumChanged();
    return identity;
  };

  const accept = (look: MediumLook): void => {
    if (look.state !== 'mounted') {
      // What an absent medium's path lies on instead isn't its device.
      setState(look.state, look.why, look.state === 'dead' ? look.device : '');
      throw new MediumChanged();
    }
    if (look.identity === identity) return;
    forget();
    nextSweep = mono();
    throw new MediumChanged();
  };

  const tell = async (answer: FilesAnswer): Promise<void> => {
    if (closed) throw new MediumChanged();
    if (answer.found.length > 0) {
      await index.found(mediumId, answer.found);
      count.indexed += answer.found.length;
    }
    if (closed) throw new MediumChanged();
    if (answer.gone.length > 0) {
      await index.gone(mediumId, answer.gone);
      count.gone += answer.gone.length;
    }
  };

  /** The store refused: the worker believes it told us, so its copy is void and the folder is looked at again. */
  const refused = (folder: string, error: unknown): void => {
    if (closed) return;
    freshUntil.delete(folder);
    pending.add(folder);
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
          pending.add(folder);
          return;
        }
        unfinished = answer.unfinished;
        await tell(answer);
        if (answer.settling > 0) quickSoon(SECOND_LOOK_MS);
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
      if (answer.growing + answer.missed > 0 || answer.error) pending.add(folder);
      else pending.delete(folder);
    } catch (error) {
      if (error instanceof MediumChanged || error instanceof WorkerLost) throw error;
      refused(folder, error);
    }
  };

  const quick = async (): Promise<void> => {
    quickAt = Number.POSITIVE_INFINITY;
    quickLeft -= 1;
    const answer = await client.ask({ kind: 'quick', identity: current(), now: now() });
    accept(answer.medium);
    unfinished = answer.unfinished;
    try {
      await tell(answer);
    } catch (error) {
      if (error instanceof MediumChanged) throw error;
      for (const file of answer.found) refused(folderOf(file.path), error);
    }
    // Bounded, because a file may change between any two looks; the sweep goes on with what is left.
    if (answer.settling > 0 && quickLeft > 0) quickAt = Math.min(quickAt, mono() + SECOND_LOOK_MS);
    if (answer.lookAgain) nextSweep = Math.min(nextSweep, mono());
  };

  /** A new medium, or the first: everything is to be looked at, today and yesterday by the sweep that found it. */
  const startFullLook = async (answer: RootAnswer): Promise<void> => {
    mediumId = await index.medium('');
    const known = await index.folders(mediumId);
    identity = answer.medium.identity;
    freshUntil.clear();
    folders = new Set(answer.folders);
    toLook = newestFirst(new Set([...folders, ...known]));
    const ahead = toLook.filter((folder) => /^\d{8}$/.test(folder) && folder > lastToday);
    recent = ahead.slice(0, RECENT_FOLDERS_MAX);
    log.debug('recordings: full look', { folders: toLook.length });
  };

  const lookOften = (folder: string): void => {
    recent = [...recent.filter((other) => other !== folder), folder].slice(-RECENT_FOLDERS_MAX);
    toLook.push(folder);
  };

  /** Folders that appeared are looked at for their files, folders that went for what the index still holds of them. */
  const compareFolders = (listed: readonly string[]): void => {
    const next = new Set(listed);
    for (const folder of next) if (!folders.has(folder)) lookOften(folder);
    for (const folder of folders) if (!next.has(folder)) pending.add(folder);
    folders = next;
  };

  const sweep = async (): Promise<void> => {
    const began = mono();
    const waiters = sweepWaiters;
    sweepWaiters = [];
    nextSweep = began + sweepMs;
    if (waiters.length > 0) freshUntil.clear();
    try {
      const today = options.today();
      const yesterday = dayBefore(today);
      // After a jump of the clock yesterday isn't the folder we looked at last.
      if (lastToday && lastToday !== today) lookOften(lastToday);
      lastToday = today;
      const full = identity === undefined;
      const answer = await client.ask({ kind: 'root', today, yesterday, full });
      if (!full || answer.medium.state !== 'mounted') accept(answer.medium);
      watching = answer.watching;
      if (full) await startFullLook(answer);
      else if (answer.folders) compareFolders(answer.folders);
      setState('mounted', '', answer.medium.device);
      const days = [today, yesterday].filter((folder) => folder !== '');
      toLook = toLook.filter((folder) => !days.includes(folder));
      for (const folder of days) await lookAt(folder, 'now', true, folder === today);
      const others = new Set([...recent, ...[...pending].slice(0, SWEEP_FOLDERS_MAX)]);
      for (const folder of others) {
        if (days.includes(folder)) continue;
        // To the end of the queue, so that every folder has its turn.
        if (pending.delete(folder)) pending.add(folder);
        await lookAt(folder, 'now', false, false);
      }
    } finally {
      count.sweeps += 1;
      lastSweepEnd = mono();
      // On a slow medium a sweep may outlast its period: the full look must get its turn between two.
      nextSweep = Math.max(nextSweep, lastSweepEnd + HINT_SWEEP_MS);
      count.lastSweepMs = Math.round(lastSweepEnd - began);
      for (const done of waiters) done();
    }
  };

  /** Whatever is due before the next folder of a full look. */
  const urgent = async (): Promise<void> => {
    if (quickAt <= mono() && identity !== undefined) await quick();
    if (nextSweep <= mono()) await sweep();
  };

  const sleep = (): Promise<void> =>
    new Promise((resolve) => {
      const due = Math.min(nextSweep, quickAt);
      const timer = setTimeout(() => wake(), Math.max(0, due - mono()));
      wake = () => {
        clearTimeout(timer);
        wake = () => {};
        resolve();
      };
    });

  const turn = async (): Promise<void> => {
    const due = Math.min(nextSweep, quickAt) <= mono();
    if (due) await urgent();
    else if (toLook.length > 0) await lookAt(toLook.shift() ?? '', 'full', false, false);
    if (toLook.length === 0 && identity !== undefined) resolveFirst();
  };

  const run = async (): Promise<void> => {
    while (!closed) {
      try {
        await turn();
      } catch (error) {
        if (closed) break;
        if (error instanceof WorkerLost) setState('dead', error.message, medium.device ?? '');
        else if (!(error instanceof MediumChanged)) {
          forget();
          log.error('recordings: a sweep failed and will be tried again', { error });
        }
        if (identity === undefined && medium.state !== 'mounted') resolveFirst();
      }
      // Also lets the rest of the process run between two folders.
      if (toLook.length === 0 || identity === undefined) await sleep();
    }
    for (const done of sweepWaiters) done();
    resolveFirst();
  };

  const running = run();
  let closing: Promise<void> | undefined;

  return {
    state: () => medium,
    figures: () => ({
      ...count,
      pending: unfinished,
      workerRestarts: client.restarts(),
      workersHung: client.abandoned(),
      watching: watching ? 1 : 0,
      foldersToLook: toLook.length,
    }),
    sweepNow: () =>
      new Promise((resolve) => {
        if (closed) return resolve();
        sweepWaiters.push(resolve);
        nextSweep = mono();
        wake();
      }),
    firstLook,
    close() {
      closing ??= (async () => {
        closed = true;
        client.close();
        wake();
        // An index that doesn't answer is no reason to stay.
        let timer: NodeJS.Timeout | undefined;
        const late = new Promise<void>((resolve) => {
          timer = setTimeout(resolve, CLOSE_MS);
        });
        await Promise.race([running, late]);
        clearTimeout(timer);
      })();
      return closing;
    },
  };
}

function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : '';
}
