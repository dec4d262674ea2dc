/** What may be written into the store, and what a write did: plain data, because it is posted between threads. */
import type { CallType, Leg, LegSource } from './model/leg.ts';
import type { ApiKey } from './sql/api-key.ts';
import type { AuditLine } from './sql/audit.ts';
import type { Contact } from './sql/contact.ts';
import type { CsvFault, CsvFile, CsvPosition, CsvProgress } from './sql/csv.ts';
import type { Outcome } from './sql/database.ts';
import type { Deletion, DeletionState, NewDeletion } from './sql/deletion.ts';
import type { MediumChange } from './sql/medium-change.ts';
import type { PauseChange } from './sql/pause.ts';
import type { RecordingFile } from './sql/recording.ts';
import type { TrashStep } from './sql/recording-trash.ts';
import type { OpenGroup, Walk } from './sql/records.ts';
import type { NewShare } from './sql/share.ts';
import type { NewUser } from './sql/user.ts';
import type { NewView } from './sql/view.ts';

/** One thing to be written. What waits together is written in one transaction, in order. */
export type Write =
  | { readonly kind: 'leg'; readonly leg: Leg; readonly source: LegSource }
  /** A stretch of the CDR CSV: its records, its broken lines and where it ends, all or nothing. */
  | { readonly kind: 'csv'; readonly batch: CsvBatch }
  | { readonly kind: 'close'; readonly group: string }
  /** Folds the next calls along their starts anew. */
  | { readonly kind: 'refold'; readonly after: NonNullable<Walk> }
  /** The medium with this mark is in place: its id is what recordings are told under. See sql/medium.ts. */
  | { readonly kind: 'mediumSeen'; readonly mark: string; readonly formerly?: string | null }
  | { readonly kind: 'mediumChanged'; readonly change: MediumChange }
  | { readonly kind: 'recordings'; readonly medium: number; readonly files: readonly RecordingFile[] }
  | { readonly kind: 'gone'; readonly medium: number; readonly paths: readonly string[] }
  | { readonly kind: 'user'; readonly user: NewUser; readonly audit: AuditLine }
  | { readonly kind: 'userGone'; readonly name: string; readonly audit: AuditLine }
  /** @param at Epoch seconds. */
  | { readonly kind: 'userUsed'; readonly name: string; readonly at: number }
  | { readonly kind: 'apiKey'; readonly key: ApiKey; readonly audit: AuditLine }
  /** @param at Epoch seconds. */
  | { readonly kind: 'apiKeyUsed'; readonly id: string; readonly at: number }
  | { readonly kind: 'apiKeyGone'; readonly id: string; readonly audit: AuditLine }
  | { readonly kind: 'contacts'; readonly contacts: readonly Contact[]; readonly audit: AuditLine }
  | { readonly kind: 'contactsGone'; readonly numbers: readonly string[]; readonly audit: AuditLine }
  /** A new phone book is gathered in stretches; the last of them is followed by the swap. */
  | { readonly kind: 'contactsStaged'; readonly contacts: readonly Contact[]; readonly first: boolean }
  | { readonly kind: 'contactsSwapped'; readonly audit: AuditLine }
  /** A deletion begins: from now on it is carried out, whatever dies in between. */
  | { readonly kind: 'deletion'; readonly deletion: NewDeletion; readonly audit: AuditLine }
  | { readonly kind: 'trash'; readonly step: TrashStep }
  /** A deletion of calls is undone or its time is over, if it is in one of these states. */
  | {
      readonly kind: 'turnDeletion';
      readonly id: number;
      readonly from: readonly DeletionState[];
      readonly to: 'restoring' | 'erasing';
      readonly audit: AuditLine;
    }
  /** @param expiresAt Epoch seconds: the clock was wrong when it began. */
  | { readonly kind: 'deletionExpiry'; readonly id: number; readonly expiresAt: number }
  | { readonly kind: 'setting'; readonly name: string; readonly value: unknown; readonly audit: AuditLine }
  /** Something that the daemon remembers for itself among the settings: no page shows it, and nobody did it. */
  | { readonly kind: 'note'; readonly name: string; readonly value: unknown }
  /** Marks recordings, or takes their marks away. `audit` gets the paths that there are. */
  | { readonly kind: 'keep'; readonly paths: readonly string[]; readonly keep: boolean; readonly audit: AuditLine }
  /** A call is ticked off, or no longer; `removed` tells whether there is such a call. */
  | { readonly kind: 'processed'; readonly id: number; readonly processed: boolean; readonly audit: AuditLine }
  /** Several settings, all or none. */
  | { readonly kind: 'settings'; readonly changes: readonly SettingChange[] }
  /** A recording was paused, or goes on. */
  | { readonly kind: 'pause'; readonly pause: PauseChange; readonly audit: AuditLine }
  /** Asterisk has acknowledged that it is to record these kinds of calls. */
  | { readonly kind: 'policyTold'; readonly kinds: readonly CallType[] }
  /** A saved view is made, or the one of this id changed. */
  | { readonly kind: 'view'; readonly id: number | null; readonly view: NewView; readonly audit: AuditLine }
  | { readonly kind: 'viewGone'; readonly id: number; readonly audit: AuditLine }
  /** @param most Shares that there may be; of one too many nothing is kept. */
  | { readonly kind: 'share'; readonly share: NewShare; readonly most: number; readonly audit: AuditLine }
  /** @param at Epoch seconds. */
  | { readonly kind: 'shareUsed'; readonly id: number; readonly at: number }
  | { readonly kind: 'shareGone'; readonly id: number; readonly audit: AuditLine }
  /** Something that changed nothing in the store and yet is to be known. */
  | { readonly kind: 'audit'; readonly audit: AuditLine };

/**
 * Whether a write makes the store grow. Below the reserve such writes wait; the others are small and few, or make room:
 * what people do, the ends of calls that are there, steps of deletions.
 */
export const GROWS: Readonly<Record<Write['kind'], boolean>> = {
  leg: true,
  csv: true,
  close: false,
  refold: true,
  mediumSeen: false,
  mediumChanged: false,
  recordings: true,
  gone: true,
  user: false,
  userGone: false,
  userUsed: false,
  apiKey: false,
  apiKeyUsed: false,
  apiKeyGone: false,
  contacts: true,
  contactsGone: false,
  contactsStaged: true,
  contactsSwapped: true,
  deletion: false,
  trash: false,
  turnDeletion: false,
  deletionExpiry: false,
  setting: false,
  settings: false,
  keep: false,
  processed: false,
  pause: false,
  note: false,
  policyTold: false,
  view: false,
  viewGone: false,
  share: false,
  shareUsed: false,
  shareGone: false,
  audit: false,
};

/** @see Write of the kind `setting` */
export interface SettingChange {
  readonly name: string;
  /** null: the default holds again. */
  readonly value: unknown;
  readonly audit: AuditLine;
}

/** What a write did, in EventSequences in order; [] where nothing was new. */
export interface Written {
  /** Of each record given; null: it was there already. */
  readonly records: readonly (number | null)[];
  /** Of calls that were closed, amended or taken away. */
  readonly calls: readonly number[];
  /** Of recordings that are new or have come back. */
  readonly recordings: readonly number[];
  /** Of a medium that was seen: its id. */
  readonly medium: number | null;
  /** Of a change of the medium; null: it is as it was. */
  readonly change: number | null;
  /** Calls of the records given that still wait to be closed. */
  readonly open: readonly OpenGroup[];
  /** Of a refold: where to go on. */
  readonly next: Walk;
  /** Of a removal: how many there were; of a tick: whether there is the call; of a step of a deletion: 0 when it is in another state. */
  readonly removed: number;
  /** Of a saved view: its id. */
  readonly view: number | null;
  /** Of a share: its id; null: there are too many. */
  readonly share: number | null;
  /** The deletion that has begun, or was turned, as it stands. */
  readonly deletion: Deletion | null;
}

/** Of a write that did nothing. */
export const NOTHING: Written = {
  records: [],
  calls: [],
  recordings: [],
  medium: null,
  change: null,
  open: [],
  next: null,
  removed: 0,
  view: null,
  share: null,
  deletion: null,
};

/** A stretch of a CDR CSV, up to a position in its file. */
export interface CsvBatch extends CsvFile, CsvProgress {
  readonly legs: readonly Leg[];
  /** Where each of the legs stands. */
  readonly places: readonly CsvPosition[];
  readonly faults: readonly CsvFault[];
}

/** One write's outcome: another's failure doesn't touch it. */
export type WriteOutcome = Outcome<Written>;
