/**
 * What the main thread and the medium's worker say to each other. One step is outstanding at a time, each is small and has
 * a deadline; only a hint or a note comes unasked.
 */

import type { RecordingFault } from '../../storage/model/recording-fault.ts';

export interface FoundRecording {
  /** Relative to the recordings folder: `YYYYMMDD/name.wav`, or `name.wav` for one lying in the root. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Whole milliseconds since 1970. */
  readonly mtimeMs: number;
  /** Length of the sound, to the millisecond; 0 when the file doesn't tell. */
  readonly seconds: number;
  readonly state: 'ok' | 'empty' | 'damaged';
  /** What is wrong with an empty or damaged one, else ''. */
  readonly fault: RecordingFault | '';
}

/** Whether a medium of its own must be mounted: `auto` = under /media, /mnt, /run/media. */
export type RequireMount = 'auto' | 'yes' | 'no';

/** Handed to the worker when it starts (workerData). */
export interface WorkerSettings {
  /** The recordings folder, absolute. */
  readonly dir: string;
  readonly requireMount: RequireMount;
  /** `/proc/self/mountinfo` and `/sys/dev/block`; tests give their own. */
  readonly mountinfo: string;
  readonly blockDevices: string;
}

/** Room on the medium, bytes. */
export interface Space {
  /** What may still be written. */
  readonly free: number;
  readonly total: number;
}

/** Whether the medium takes recordings. */
export interface Writing {
  readonly writable: boolean;
  /** `read-only`, `full`, or why it could not be tried; '' = there is nothing to say. */
  readonly why: string;
}

/** The medium at one moment. */
export interface MediumLook {
  readonly state: 'absent' | 'mounted' | 'dead';
  readonly why: string;
  /** `MAJ:MIN` where mountinfo names one. */
  readonly device: string;
  /** Whether the folder, its links followed, must lie on a medium of its own. */
  readonly demanded: boolean;
  /** Equal = the same folder of the same mount; another stick or another mount differs. */
  readonly identity: string;
  /**
   * Like the identity, but without the folder's birth, which shows only once the folder has changed: equal before and
   * after a change of the folder that we make ourselves.
   */
  readonly place: string;
}

/** `now` opens a session for today's, yesterday's and pending folders; `full` one for the full look, which may be interrupted. */
export type Lane = 'now' | 'full';

export type Step =
  | {
      /** Medium and first-level folders. */
      readonly kind: 'root';
      readonly today: string;
      readonly yesterday: string;
      /** Send the folders even if they are the same as last time. */
      readonly full: boolean;
    }
  | {
      /** Compare one folder with what the index knows of it. */
      readonly kind: 'look';
      readonly lane: Lane;
      readonly folder: string;
      /** null = take the copy kept from an earlier look. */
      readonly known: string | null;
      /** Keep that copy (today's and yesterday's folder). */
      readonly keep: boolean;
      /** Compare size and time of known files too, not only look for unknown names. */
      readonly compare: boolean;
      readonly identity: string;
      readonly now: number;
    }
  | { readonly kind: 'more'; readonly lane: Lane; readonly identity: string; readonly now: number }
  | { readonly kind: 'quick'; readonly identity: string; readonly now: number }
  /** Which medium it is, and whether it takes recordings. */
  | { readonly kind: 'probe'; readonly identity: string };

export interface RootAnswer {
  readonly kind: 'root';
  readonly medium: MediumLook;
  /** First-level folders, `''` for the root when WAV files lie in it; null = as told last time. */
  readonly folders: readonly string[] | null;
  /** True while the kernel tells us of changes in today's folder. */
  readonly watching: boolean;
  /** The mount table's word. */
  readonly readOnly: boolean;
  /** null: it doesn't tell. */
  readonly space: Space | null;
}

export interface ProbeAnswer {
  readonly kind: 'probe';
  /** Proven before and after; when it isn't mounted, or is another, nothing else is said. */
  readonly medium: MediumLook;
  /** What tells it from others. */
  readonly mark: string;
  readonly writing: Writing;
}

export interface FilesAnswer {
  readonly kind: 'files';
  /** Proven before and after; when it isn't mounted, or is another, nothing else is said. */
  readonly medium: MediumLook;
  readonly found: readonly FoundRecording[];
  /** Paths missed by two looks. */
  readonly gone: readonly string[];
  /** Ask for `more`. */
  readonly more: boolean;
  /** Files of this folder that are growing or can't be read yet. */
  readonly growing: number;
  /** Files of all folders that are growing or can't be read yet. */
  readonly unfinished: number;
  /** Names missed once: look at this folder again. */
  readonly missed: number;
  /** Files that need only a second look: `quick` in a moment. */
  readonly settling: number;
  /** The kept copy isn't there: give `known`. */
  readonly needKnown: boolean;
  /** A hinted file has gone: look at today's folder. */
  readonly lookAgain: boolean;
  /** Why the folder can't be listed, '' otherwise. */
  readonly error: string;
}

export type Answer = RootAnswer | FilesAnswer | ProbeAnswer;

export interface Request {
  readonly id: number;
  readonly step: Step;
}

export type FromWorker =
  | { readonly id: number; readonly answer: Answer }
  | { readonly id: number; readonly failed: string }
  /** Files have been quiet for a moment after changing ('files'), or a folder changed ('folder'). */
  | { readonly hint: 'files' | 'folder' }
  | { readonly note: string; readonly fields: Readonly<Record<string, unknown>> };
