/**
 * What a test shows of itself in the table at the end of the run: each thing that it asserted, in words, and what it
 * measured on the way.
 */
import { it } from 'vitest';

declare module 'vitest' {
  interface TaskMeta {
    /** In order: what was asserted, and whether it held. */
    asserted?: [words: string, holds: boolean][];
    measured?: string[];
  }
}

export interface Show {
  /** Asserts something: `check` throws when it doesn't hold. The event goes on and fails at its end. */
  that(words: string, check: () => unknown): Promise<void>;
  /** The same of something without which the event can't go on. @returns what `check` does. */
  need<T>(words: string, check: () => T | Promise<T>): Promise<T>;
  /** A figure for the table. */
  measured(words: string): void;
}

/** One event in a box's life, and what must hold after it. The events of a file happen one after the other to one box. */
export function event(name: string, seconds: number, body: (show: Show) => Promise<void>): void {
  it(name, { timeout: seconds * 1000 }, async ({ task }) => {
    const asserted: [string, boolean][] = [];
    const measured: string[] = [];
    const failures: Error[] = [];
    Object.assign(task.meta, { asserted, measured });
    const need: Show['need'] = async (words, check) => {
      const row: [string, boolean] = [words, false];
      asserted.push(row);
      const result = await check();
      row[1] = true;
      return result;
    };
    await body({
      need,
      that: (words, check) =>
        need<unknown>(words, check).then(
          () => {},
          (cause: Error) => void failures.push(new Error(`${words}: ${cause.message}`, { cause })),
        ),
      measured: (words) => void measured.push(words),
    });
    if (failures.length === 1) throw failures[0];
    if (failures.length > 1) throw new AggregateError(failures, failures.map(({ message }) => message).join('\n'));
  });
}
