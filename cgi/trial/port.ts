/**
 * A change on trial: it holds at once, and falls back by itself unless somebody confirms it in time, in a way that shows that
 * the change has shut out nobody who asked for it. There is one at a time; it is kept nowhere until it is confirmed, so that
 * a kill or a power cut takes it back, too.
 */
import type { By } from '../../storage/sql/audit.ts';
import type { SettingChange } from '../../storage/write.ts';

/** How a request has come in: what a change may close behind it. */
export interface Door {
  readonly listener: 'http' | 'https';
  /** The address of `http.listen` or `https.listen` that it came by, as it stands there. */
  readonly listen: string;
  /** Since when its connection is there, monotonic milliseconds. */
  readonly since: number;
  /** The Host header. */
  readonly host: string;
}

/** Seconds that a trial may last: to log in anew takes some; a technician who has locked himself out waits so long. */
export const TRIAL_SECONDS = { least: 5, usual: 60, most: 600 } as const;

/** Who asks, for what he may do with a trial. */
export interface TrialAsker extends By {
  /** Whether he may change what the box's pages are reached by, and accounts. */
  readonly isAdmin: boolean;
  readonly door: Door | null;
}

export interface NewTrial {
  /** What is changed, each as it is named elsewhere: `http.listen`, `role of NAME`. */
  readonly what: readonly string[];
  readonly seconds: number;
  readonly by: By;
  /** Doors of which a confirmation must come by one, `https [::]:8443` each; null: by any that was opened afterwards. */
  readonly doors: readonly string[] | null;
  /** Whether another admin has to confirm it: who asked has no account any more. */
  readonly byAnother: boolean;
  /** Where the pages are now; null: where they were. */
  readonly location: string | null;
  /** Makes it hold. */
  apply(): void;
  /** Makes it last. @param note Goes into the same transaction. @throws {StoreError}; then it falls back. */
  keep(by: By, note: SettingChange): Promise<void>;
  /** Takes it back. */
  back(): Promise<void> | void;
}

/** As it is shown. */
export interface Trial {
  readonly token: string;
  readonly what: readonly string[];
  readonly by: By;
  /** Whole seconds that are left. */
  readonly seconds: number;
  readonly byAnother: boolean;
  readonly location: string | null;
}

export interface Begun {
  readonly trial: Trial;
  /** Makes it hold: for when the answer that tells of it is written. */
  start(): void;
}

export interface Trials {
  /** The one under way. */
  readonly now: Trial | null;
  /** @throws {CgiError} `conflict` while one is under way. */
  refuseMeanwhile(what: string): void;
  /**
   * Begins one.
   * @throws {CgiError} `conflict`; what the store throws.
   */
  begin(wanted: NewTrial): Promise<Begun>;
  /** @throws {CgiError} `not_found`; `denied` for whom it isn't; `conflict` for what proves nothing. */
  confirm(token: string, asker: TrialAsker): Promise<Trial>;
  /** @throws {CgiError} `not_found`, `denied`. */
  takeBack(token: string, asker: TrialAsker): Promise<Trial>;
  /** Ends one that another change has made pointless, as if nobody had confirmed it. */
  drop(why: string): Promise<void>;
  /** The daemon stops: what isn't confirmed falls back. */
  close(): Promise<void>;
}
