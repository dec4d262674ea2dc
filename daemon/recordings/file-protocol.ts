/** What the main thread and the worker for file work on the medium say to each other: one small step at a time. */
import type { Ahead } from '../../cgi/reply.ts';
import type { RecordingFault } from '../../storage/model/recording-fault.ts';
import type { BackupAnswers, BackupStep } from './backup-protocol.ts';
import type { SoundFacts } from './peaks.ts';
import type { MediumLook, Space } from './protocol.ts';

export type FileStep =
  | BackupStep
  /** Sizes and times of files. */
  | { readonly kind: 'look'; readonly paths: readonly string[] }
  /** The same of one that will be read at once, with the first bytes that are wanted of it. @see Ahead */
  | ({ readonly kind: 'open'; readonly path: string } & Ahead)
  /** Stretches of files that must still be those that were looked at, one after another into the request's room. */
  | { readonly kind: 'read'; readonly stretches: readonly Stretch[] }
  /** How loud a recording is, from one of its parts on: as many parts as there is time for. */
  | { readonly kind: 'peaks'; readonly file: SeenFile; readonly count: number; readonly from: number }
  /** Whether a deletion's folder in the trash is there; `make` makes it. */
  | { readonly kind: 'folder'; readonly folder: string; readonly make: boolean }
  /** Moves files into a deletion's folder, and back. Said twice it does what once does. */
  | { readonly kind: 'trash'; readonly folder: string; readonly paths: readonly string[] }
  | { readonly kind: 'restore'; readonly folder: string; readonly paths: readonly string[] }
  /** Removes files where they lie. */
  | { readonly kind: 'remove'; readonly paths: readonly string[] }
  /** Removes some of what lies in a deletion's folder, and at last the folder. */
  | { readonly kind: 'erase'; readonly folder: string }
  /** The folders in the trash. */
  | { readonly kind: 'list' }
  /** Room, and the mount table's word on writing. */
  | { readonly kind: 'room' }
  /** Writes a header's lengths anew from the file's size, or puts the original header back. */
  | { readonly kind: 'header'; readonly path: string; readonly change: 'repair' | 'restore' };

/** Steps that change nothing, and take no longer than a read does: several go in one message. */
export const SHORT: ReadonlySet<FileStep['kind']> = new Set(['look', 'open', 'read']);

export interface FileRequest {
  readonly step: FileStep;
  /** The medium that it is meant for is this one, else nothing is done; absent: whichever is there. @see MediumLook */
  readonly place?: string;
  /**
   * Memory for the bytes of an `open` or a `read`. It comes back with them: new memory for every step would grow the
   * process by far more than is ever in use.
   */
  readonly room?: ArrayBuffer;
}

/** A file as a look saw it. */
export interface SeenFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Whole milliseconds since 1970. */
  readonly mtimeMs: number;
  /** Of the medium that it was seen on. @see MediumLook */
  readonly place: string;
}

/** Where bytes of a file come to stand in a room. */
export interface Stretch {
  readonly file: SeenFile;
  /** Its first byte in the file, and in the room. */
  readonly from: number;
  readonly at: number;
  /** Bytes; 0: the file isn't even opened. */
  readonly length: number;
}

/** `outside`: a link, whose end may be anywhere. `missing`: there is no such file. */
export type Looked = { readonly size: number; readonly mtimeMs: number } | 'missing' | 'outside';

/** What became of one file: its bytes; or it isn't there; or the system's code of the failed call (`EACCES`). */
export type Moved = number | 'missing' | { readonly code: string };

export interface TrashFolder {
  readonly name: string;
  /** When something last came into it or left it, milliseconds since 1970. */
  readonly mtimeMs: number;
}

/** A file as it is after a change of its header. */
interface Headed {
  /** Bytes. */
  readonly size: number;
  /** Whole milliseconds since 1970. */
  readonly mtimeMs: number;
  /** Length of the sound, to the millisecond. */
  readonly seconds: number;
  /** What is wrong with it now, else ''. */
  readonly fault: RecordingFault | '';
}

/** What came of a change of a header. */
export type HeaderChange =
  /** It was as it should be already. */
  | ({ readonly result: 'whole' } & Headed)
  /** `before`: the lengths that it said, bytes, of the file and of the sound. */
  | ({
      readonly result: 'repaired';
      readonly was: RecordingFault | '';
      readonly before: { readonly file: number; readonly sound: number };
    } & Headed)
  | ({ readonly result: 'restored' } & Headed)
  /** There is no sound, or no header, that lengths could be written for. */
  | { readonly result: 'beyond repair'; readonly fault: RecordingFault | '' }
  /** No header of this file was kept. */
  | { readonly result: 'no original' }
  | { readonly result: 'missing' }
  /** The medium's answer: `EACCES`, `EROFS`. */
  | { readonly result: 'refused'; readonly code: string };

export interface SomePeaks extends SoundFacts {
  /** Of the parts asked for, in order, 0 to 100. */
  readonly peaks: readonly number[];
  /** The part to go on with; null: these were the last. */
  readonly next: number | null;
}

/** What each step answers. */
export interface FileAnswers extends BackupAnswers {
  look: readonly Looked[];
  /** `filled`: how many bytes were read; 0: none are there, or it is `read` that says why not. */
  open: { readonly looked: Looked; readonly room: ArrayBuffer; readonly filled: number };
  /**
   * How many bytes of the stretches, in their order, are there: one at least, and not all when time ran out or a later
   * file failed, which is told when it is asked for as the first. null: the first is no longer the file that was looked at.
   */
  read: { readonly room: ArrayBuffer; readonly filled: number } | null;
  /** null: it is no longer the file that was looked at. */
  peaks: SomePeaks | null;
  /** '' when it is there, else the system's code. */
  folder: string;
  trash: readonly Moved[];
  restore: readonly Moved[];
  remove: readonly Moved[];
  /** Whether there is more to erase. */
  erase: { readonly more: boolean };
  list: readonly TrashFolder[];
  /** `space` null: it doesn't tell. */
  room: { readonly space: Space | null; readonly readOnly: boolean };
  header: HeaderChange;
}

export interface FileAnswer<Kind extends keyof FileAnswers = keyof FileAnswers> {
  /** Proven before, and after whatever says that something isn't there; when it isn't mounted, nothing else holds. */
  readonly medium: MediumLook;
  readonly value: FileAnswers[Kind] | undefined;
}

/** What one message asks, in the order in which it is done. */
export type FileRequests = readonly FileRequest[];

/** What one message answers. */
export interface FileReplies {
  /** As far as it came: one at least. */
  readonly answers: readonly FileAnswer[];
  /** The rooms of what there was no time for, each in its place, to be asked again. */
  readonly rest: readonly (ArrayBuffer | undefined)[];
}
