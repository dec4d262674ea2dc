/**
 * A row of the table: a class of published flaws, the attempts that would show it in a running cdrd, and the bugs that,
 * planted into a copy of the sources, must turn the row red. An attempt knows nothing of the inside: it speaks HTTP, AMI
 * and WebSocket, writes calls and files as Asterisk or a stranger with the stick would, and looks at what came of it.
 */
import type { Box } from './box.ts';

/** A published flaw of another product. */
export interface Flaw {
  readonly cve: string;
  /** What it was, in one sentence. */
  readonly was: string;
  /** Where that is said. */
  readonly source: string;
}

export interface Row {
  /** Also the beginning of its planted bugs' file names. */
  readonly name: string;
  readonly flaws: readonly Flaw[];
  /** What must not be possible here, in words that follow "no". */
  readonly no: string;
  /** The box has never been logged in to: its accounts are as the first start made them. */
  readonly fresh?: true;
  /** It needs the box for itself: it stops it, or leaves it changed. */
  readonly alone?: true;
  attempt(box: Box, tally: Tally): Promise<void>;
}

/** What the attempts of one row came to. */
export interface Tally {
  /** One attempt. @param held Whether the box withstood. @param what For whoever must mend it. */
  tried(held: boolean, what: string): void;
  /**
   * What must work, or the attempts prove nothing: the honest log-in, the name that is found.
   * @throws when it doesn't: the row then fails in either build, and is never taken for one that a planted bug turned red.
   */
  works(does: boolean, what: string): void;
  readonly count: number;
  /** The attempts that got through. */
  readonly through: readonly string[];
}

/** Ends the attempts of a row at the first that got through. */
export class Through extends Error {
  override readonly name = 'Through';
}

/** @param first Whether the first attempt that gets through suffices: {@link Through} is thrown then. */
export function createTally(first: boolean): Tally {
  const through: string[] = [];
  let count = 0;
  return {
    tried(held, what) {
      count++;
      if (held) return;
      through.push(what);
      if (first) throw new Through(what);
    },
    works(does, what) {
      if (!does) throw new Error(`this must work, and doesn't: ${what}`);
    },
    get count() {
      return count;
    },
    through,
  };
}

/** A row's outcome in one build, for the table. */
export interface ShownRow {
  readonly name: string;
  readonly cves: readonly string[];
  readonly no: string;
  readonly tried: number;
  readonly through: number;
  /** The planted bug's file; null: the build is cdrd's own. */
  readonly planted: string | null;
}
