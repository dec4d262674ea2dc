/** What the looks at the medium need of the index; the store implements it. */
import type { FoundRecording } from './protocol.ts';

/** What is already known, and who is told. A rejection is logged and the folder looked at again. */
export interface RecordingIndex {
  /**
   * The medium with this mark is in place. @param formerly The mark that it was known by until now; null: it has just
   * come. @returns what the index calls it: all the others are asked about it alone.
   */
  medium(mark: string, formerly: string | null): Promise<number>;
  /** What the index knows of one folder (`''` = the root): lines `name\tsize\tmtimeMs`, newline separated; '' = nothing. */
  known(medium: number, folder: string): Promise<string>;
  /** Folders that the index knows. */
  folders(medium: number): Promise<string[]>;
  /** Insert or update by path; may come twice. */
  found(medium: number, files: readonly FoundRecording[]): Promise<void>;
  /** These were missed by two looks at a living medium. */
  gone(medium: number, paths: readonly string[]): Promise<void>;
}
