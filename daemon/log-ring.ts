/**
 * The last warnings and errors of the log, for a page: by then journald may have turned them out, and a technician with a
 * phone has no shell. Kept in memory, masked as they were written, a message that repeats once with its count.
 */

/** Different messages kept, and characters of one: 100 KB at worst. */
const KEPT = 100;
const LONGEST = 500;

export interface LogEntry {
  /** Milliseconds since 1970: when it was last written, and first. */
  readonly at: number;
  readonly firstAt: number;
  readonly times: number;
  readonly level: 'warn' | 'error';
  /** The part that it is of (`asterisk`); '' = the daemon itself. */
  readonly part: string;
  /** The message and its fields, of the last time. */
  readonly text: string;
}

export interface LogRing {
  /** @param message What repetition is counted by. @param fields Ready to be written. */
  add(level: LogEntry['level'], part: string, message: string, fields: string): void;
  /** Newest first. */
  entries(): readonly LogEntry[];
}

export function createLogRing(now: () => number = Date.now): LogRing {
  /** Oldest first, as a map keeps them. */
  const kept = new Map<string, LogEntry>();
  return {
    add(level, part, message, fields) {
      const id = `${level} ${part} ${message}`;
      const before = kept.get(id);
      const at = now();
      const all = `${message}${fields}`;
      const text = all.length > LONGEST ? `${all.slice(0, LONGEST)}…` : all;
      kept.delete(id);
      kept.set(id, { at, firstAt: before?.firstAt ?? at, times: (before?.times ?? 0) + 1, level, part, text });
      const [oldest] = kept.keys();
      if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest);
    },
    entries: () => [...kept.values()].reverse(),
  };
}
