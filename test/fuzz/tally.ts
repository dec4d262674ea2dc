/** What a run has shown, said as it comes and summed at the end. */
import { lineOf } from './corpus.ts';

export interface Tally {
  /** @param figures What was measured, for who reads it. */
  check(what: string, holds: boolean, figures: string): void;
  /** An input at which something went wrong: a line of a corpus, and why. */
  found(target: string, input: Buffer, error: string): void;
  /** The line `N passed, N failed`. @returns whether all passed. */
  end(): boolean;
}

export function createTally(say: (line: string) => void): Tally {
  let passed = 0;
  let failed = 0;
  return {
    check(what, holds, figures) {
      if (holds) passed++;
      else failed++;
      say(`${holds ? 'ok  ' : 'FAIL'} ${what}: ${figures}`);
    },
    found(target, input, error) {
      say(`     ${target}: ${lineOf(input)}\n       ${error.replaceAll('\n', '\n       ')}`);
    },
    end() {
      say(`\n${passed} passed, ${failed} failed`);
      return failed === 0;
    },
  };
}
