/**
 * What a command says to the running daemon over its local socket: a line of JSON each way, then the end. An export comes
 * in parts, a line each, before the last one, without which it is cut off.
 */

/** The commands that a running daemon carries out for another process of its user. */
export type ControlRequest =
  | {
      readonly command: 'user.set';
      readonly user: string;
      readonly role: string;
      /** MD5 of the password, 32 hex digits: the password itself never leaves the command's process. */
      readonly digest: string;
    }
  /** Takes a user's second factor away: the phone is lost. */
  | { readonly command: 'user.totp-off'; readonly user: string }
  | {
      readonly command: 'ami-user.set';
      readonly name: string;
      readonly secret: string;
      readonly read: readonly string[];
      readonly write: readonly string[];
      readonly permit: readonly string[];
      readonly extras: boolean;
    }
  | { readonly command: 'ami-user.remove'; readonly name: string }
  | { readonly command: 'ami-user.list' }
  /** Reads a CDR CSV of any origin; `path` is absolute. */
  | { readonly command: 'import'; readonly path: string }
  /** Folds the calls from a day on anew, `YYYY-MM-DD` in the box's zone. */
  | { readonly command: 'refold'; readonly from: string }
  | { readonly command: 'verify' }
  /** Answers at once, as long as its main loop turns. */
  | { readonly command: 'alive' }
  /** What the daemon finds wrong with the box: answers DaemonFacts and findings as JSON (doctor/). */
  | { readonly command: 'doctor' }
  /** What the daemon alone knows, for a support archive: answers a DaemonKnows (support/bundle.ts) as JSON. */
  | { readonly command: 'support' }
  /** Makes a backup on the medium. */
  | { readonly command: 'backup' }
  /** Holds the store's file still, for the command to copy it: answers a StillFile as JSON; at its end why it was not still, '' = it was. */
  | { readonly command: 'backup.begin' }
  | { readonly command: 'backup.end'; readonly holder: number; readonly to: string }
  | { readonly command: 'export'; readonly what: ExportKind; readonly format: ExportFormat }
  /** `uniqueId` may be a LinkedID. */
  | { readonly command: 'trace'; readonly uniqueId: string };

/** What can be exported, and how. */
export const EXPORT_KINDS = ['calls', 'recordings', 'contacts'] as const;
export type ExportKind = (typeof EXPORT_KINDS)[number];
export const EXPORT_FORMATS = ['csv', 'json'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export type ControlAnswer = { readonly done: string } | { readonly failed: string } | { readonly part: string };

/** Name of the socket in `run.dir`. */
export const CONTROL_SOCKET = 'control.sock';
