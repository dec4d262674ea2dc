/** What the number of retention needs from above: what the rules would remove, and how they last went. */

/** A rule, by its setting. */
export type RetentionRule =
  | 'retention.recordings.days'
  | 'retention.recordings.mb'
  | 'retention.recordings.free'
  | 'retention.calls.days'
  | 'retention.calls.count';

/** What one rule removes. Of two that would take the same, the first in their order does. */
export interface RuleEffect {
  readonly rule: RetentionRule;
  /** Its setting; 0: it is off. */
  readonly value: number;
  readonly count: number;
  /** Of recordings. */
  readonly bytes?: number;
  /** The box's clock at the oldest and the newest of them, `YYYY-MM-DD HH:MM:SS`; '' where there is none. */
  readonly oldest: string;
  readonly newest: string;
  /** The first of them, of recordings. */
  readonly paths?: readonly string[];
}

export interface RetentionPlan {
  readonly rules: readonly RuleEffect[];
  /** What lies on the medium, in bytes; null: there is none that something may be removed from. */
  readonly medium: MediumUse | null;
  /** Bytes of trash that would go before the first recording for want of room. */
  readonly trash: number;
}

export interface MediumUse {
  readonly total: number;
  readonly free: number;
  /** Recordings, trash included. */
  readonly recordings: number;
  /** Of them, those marked to be kept. */
  readonly kept: number;
  /** Why nothing goes for room though too little is free; '' otherwise. */
  readonly spared: string;
}

/** What was removed when there last was something. */
export interface RetentionRun {
  /** Epoch seconds. */
  readonly at: number;
  readonly recordings: number;
  /** Freed on the medium, the trash included. */
  readonly bytes: number;
  /** Put into the trash. */
  readonly calls: number;
}

export interface RetentionState {
  readonly running: boolean;
  /** When all rules were last obeyed, epoch seconds; null: never. */
  readonly doneAt: number | null;
  /** When they are next, epoch seconds; null while the clock isn't set. */
  readonly nextAt: number | null;
  /** Why the last try since the start failed, '' when it didn't. */
  readonly why: string;
  readonly last: RetentionRun | null;
  /** Epoch seconds by which ages are counted, and why it isn't the box's clock; '' when it is. */
  readonly clock: number;
  readonly doubt: string;
  /** Nothing is removed before, epoch seconds, for the store has been replaced; null: it may be. */
  readonly restsUntil: number | null;
}

export interface Retention {
  /**
   * What would be removed at this moment; nothing is. @param paths Of each rule, at most. @param other Rules that are thought
   * of, in place of those that hold.
   */
  plan(paths: number, other?: Partial<Readonly<Record<RetentionRule, number>>>): Promise<RetentionPlan>;
  /** Removes it. Settles at its end. @throws {CgiError} `conflict` while retention rests. */
  run(): Promise<void>;
  state(): RetentionState;
}
