/** What the number of alarms needs from above: which are raised, how each way of telling them does, and a test of it. */

/** The ways by which somebody is told who looks at no page. */
export const WAYS = ['mail', 'webhook'] as const;
export type Way = (typeof WAYS)[number];

export type AlarmKind = 'medium_gone' | 'disk_full' | 'asterisk_gone';

export interface Alarm {
  readonly kind: AlarmKind;
  /** Of `disk_full`; null of the others. */
  readonly disk: 'recordings' | 'state' | null;
  /** One sentence for people. */
  readonly says: string;
  /** Milliseconds since 1970; null: the clock wasn't set then. */
  readonly since: number | null;
}

export interface WayState {
  readonly way: Way;
  /** Somebody is named who is to be told. */
  readonly on: boolean;
  /** Messages that wait. */
  readonly waiting: number;
  /** Messages that were given up or pushed out by newer ones, since the start. */
  readonly lost: number;
  /** The last that arrived, and the last try that failed, milliseconds since 1970; null: none since the start. */
  readonly arrivedAt: number | null;
  readonly failedAt: number | null;
  /** Why the last try failed; '' after one that didn't. */
  readonly why: string;
}

export interface Alarms {
  raised(): readonly Alarm[];
  ways(): readonly WayState[];
  /**
   * Sends a test message at once, once, and waits for what becomes of it.
   * @returns why it did not arrive; '' = it did. @throws {CgiError} `conflict` when it is off or a test is under way.
   */
  test(way: Way): Promise<string>;
}
