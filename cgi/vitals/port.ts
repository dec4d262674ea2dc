/** What the numbers of the daemon's own state need from above: its age, the size of its store, what its log complained of. */

/** A warning or an error of the log. */
export interface LogMessage {
  /** Milliseconds since 1970: when it was last written, and first. */
  readonly at: number;
  readonly firstAt: number;
  readonly times: number;
  readonly level: 'warn' | 'error';
  /** The part of the daemon that it is of; '' = none in particular. */
  readonly part: string;
  /** Masked: no secret and no phone number. */
  readonly text: string;
}

export interface Vitals {
  /** Seconds since the daemon began. */
  uptime(): number;
  /** Bytes of the store on its disk, its log included; null: not known. */
  storeBytes(): Promise<number | null>;
  /** Newest first. */
  complaints(): readonly LogMessage[];
}
