/** What is known, above the worker too, of a store that has taken another's place (sql/replace.ts carries it out). */
import { existsSync } from 'node:fs';

/** What happened to the store. */
export interface Replacement {
  /** Name, in the same folder, that what was there goes on under; its WAL likewise, with `-wal`. */
  readonly aside: string;
  /** What takes its place, for people; '' = a new, empty store. */
  readonly from: string;
  /** Why, for people. */
  readonly because: string;
  /** Who did it, for the audit log: `console`, `cdrd`. */
  readonly who: string;
  /** Epoch seconds. */
  readonly at: number;
  /**
   * The last EventSequence and call id that the store set aside has given out; of a damaged one some thousands more, because
   * it is believed no more than what was noted beside it. null: neither tells.
   */
  readonly last: { readonly outbox: number; readonly call: number } | null;
  /** The heads of the audit log of the store set aside, for people; '' or absent: it doesn't tell. */
  readonly audit?: string;
}

/** Where stands what has been decided and is not carried out yet. */
export function replacingNote(file: string): string {
  return `${file}.replacing`;
}

/** Whether the next opening will put something in its place. */
export function isBeingReplaced(file: string): boolean {
  return existsSync(replacingNote(file));
}

/** Where stands how far the store's numbers may have come: it is there wherever a store has held a call. */
export function numbersNote(file: string): string {
  return `${file}.numbers`;
}

/** Name of the setting under which the store keeps the last one. */
export const REPLACED = 'store.replaced';

/** Where the file that is to take the store's place is put, complete and durable, before it does. */
export function stagedFile(file: string): string {
  return `${file}.staged`;
}
