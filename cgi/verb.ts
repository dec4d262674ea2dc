/** What a verb is: who may call it, its parameters, and its handler. One file each; table.ts gives it a number. */
import type * as v from 'valibot';
import type { StoreClient } from '../storage/client.ts';
import type { Zone } from '../storage/model/local-time.ts';
import type { Right } from '../storage/model/rights.ts';
import type { By } from '../storage/sql/audit.ts';
import type { Accounts } from './access/accounts.ts';
import type { ApiKeys } from './access/keys.ts';
import type { Known, Sessions } from './access/session.ts';
import type { Alarms } from './alarm/port.ts';
import type { AmiUserAdmin } from './ami/port.ts';
import type { AuditNotes } from './audit/notes.ts';
import type { Backups } from './backup/port.ts';
import type { CallDeletions } from './cdr/port.ts';
import type { Certificates } from './certificate/port.ts';
import type { PhoneBook } from './contact/book.ts';
import type { Machine } from './dialect/machine-port.ts';
import type { AskAsterisk } from './dialect/port.ts';
import type { DialectSecrets } from './dialect/secret-port.ts';
import type { Doctor } from './doctor/port.ts';
import type { Live } from './live/port.ts';
import type { Schema } from './params.ts';
import type { MediumWatch, Places, RecordingDeletions, RecordingFiles, RecordingHeaders } from './recording/port.ts';
import type { Reply } from './reply.ts';
import type { Retention } from './retention/port.ts';
import type { PolicyState, Settings } from './settings/port.ts';
import type { Sounds } from './settings/sounds-port.ts';
import type { Support } from './support/port.ts';
import type { Door, Trials } from './trial/port.ts';
import type { Vitals } from './vitals/port.ts';

/** What a box says of itself. */
export interface Box {
  /** Its name in the network. */
  readonly host: string;
  readonly version: string;
  /** IANA name of its zone. */
  readonly zone: string;
  /** Why its clock isn't believed; '' when it is. */
  clockDoubt(): string;
}

/** What handlers work with; start.ts puts it together. */
export interface Services {
  readonly store: StoreClient;
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly keys: ApiKeys;
  /** Ids of links that were revoked, and are not so on the disk yet: they open nothing. */
  readonly revokedShares: Set<number>;
  /** For what the audit log is to know and no write tells. */
  readonly notes: AuditNotes;
  readonly callDeletions: CallDeletions;
  /** The medium of the recordings. */
  readonly medium: MediumWatch;
  readonly places: Places;
  readonly recordingFiles: RecordingFiles;
  readonly recordingDeletions: RecordingDeletions;
  readonly backups: Backups;
  readonly recordingHeaders: RecordingHeaders;
  readonly retention: Retention;
  readonly alarms: Alarms;
  readonly support: Support;
  readonly phoneBook: PhoneBook;
  readonly settings: Settings;
  /** What Asterisk has been told of those of recording. */
  readonly recordingPolicy: { state(): PolicyState };
  /** Asterisk's own, for prompts. */
  readonly sounds: Sounds;
  /** The change that has to be confirmed. */
  readonly trials: Trials;
  /** Of HTTPS. */
  readonly certificates: Certificates;
  readonly live: Live;
  readonly askAsterisk: AskAsterisk;
  readonly dialectSecrets: DialectSecrets;
  readonly machine: Machine;
  readonly amiUsers: AmiUserAdmin;
  readonly box: Box;
  readonly vitals: Vitals;
  readonly doctor: Doctor;
  /** The box's zone: dates in requests are on its clock. */
  readonly zone: Zone;
  /** Epoch seconds. */
  now(): number;
}

/** Who asks, and from where. */
export interface Asking {
  /** null: nobody that is known. */
  readonly caller: Known | null;
  /** Remote address. */
  readonly address: string;
  /** What the client says of itself: a stranger's text. */
  readonly agent: string;
  /** The cookie by which a browser that has logged in before is known; null: it sent none. */
  readonly device: string | null;
  /** By HTTPS. */
  readonly secure: boolean;
  /** How it came in; null: by nothing that a change could close. */
  readonly door: Door | null;
  /** What showed who it is; null: nothing did. */
  readonly token: string | null;
  /** Why, in the words of who asks; '' where none was given. */
  readonly reason: string;
}

export interface Verb<S extends Schema = Schema> {
  /** What it does, in a few words: for the reference and for `GET /cgi/webserve/`. */
  readonly about: string;
  /** null: anybody, without log-in. */
  readonly right: Right | null;
  readonly parameters: S;
  /** Lines of what was done (audit/pace.ts) that a request makes; default 1 for a number that takes a reason, else none. */
  lines?(parameters: v.InferOutput<S>): number;
  handle(parameters: v.InferOutput<S>, services: Services, asking: Asking): Reply | Promise<Reply>;
}

/** A verb with the types of its own parameters checked. */
export function verb<S extends Schema>(definition: Verb<S>): Verb {
  return definition as unknown as Verb;
}

/** What an audit line says of who asked. @throws when nobody is known: rights come before. */
export function by({ caller, address, reason }: Asking): By {
  if (!caller) throw new Error('nobody asks');
  return { who: caller.user, address, ...(reason !== '' && { reason }) };
}
