/**
 * What can be asked of the store, as one table of operations. It runs inside the worker; unit tests may open the same
 * thing in their own thread. Nothing here waits: an operation is one bounded step, or one transaction.
 */
import type { CallFilter, CountRequest, PageRequest, RecordingFilter } from './filter.ts';
import { type FoldRules, foldLegs } from './model/fold.ts';
import { groupKey, groupOf, matchLeg } from './model/identity.ts';
import { LEG_SOURCE, type Leg, type LegSource } from './model/leg.ts';
import { zone as zoneOf } from './model/local-time.ts';
import { type Numbering, numberPlan } from './model/number-plan.ts';
import { trunkRules } from './model/trunk.ts';
import { type AuditLine, audit } from './sql/audit.ts';
import { applyFold, closeGroup, openGroups } from './sql/call.ts';
import { type Outcome, openDatabase } from './sql/database.ts';
import { insertLeg, legsOfGroup, legsOfKey, legsOfUniqueId, updateLeg } from './sql/leg.ts';
import { callCount, callPage, recordingCount, recordingPage } from './sql/listing.ts';
import { migrate } from './sql/migrate.ts';
import type { Migration } from './sql/migration/migration.ts';
import { migrations as released } from './sql/migration/migrations.ts';
import { announce } from './sql/outbox.ts';
import { applyRecording, knownRecordings, markGone, type RecordingFile, recordingFolders } from './sql/recording.ts';
import { readSetting, writeSetting } from './sql/setting.ts';
import { putUser, type User, userByName, userNames } from './sql/user.ts';

/** Everything the store needs to know; plain data, because it is posted to a thread. */
export interface StoreOptions {
  /** The database file. Its folder exists and is locked by this process. */
  readonly file: string;
  readonly rules: {
    readonly numbering: Numbering;
    readonly trunks: {
      readonly names: readonly string[];
      readonly fxo: readonly string[];
      readonly gsm: readonly string[];
    };
    readonly recordingsDir: string;
    /** IANA name; '' = the system's. */
    readonly zone: string;
  };
  readonly migrations?: readonly Migration[];
}

/** One thing to be written. What waits together is written in one transaction, in order. */
export type Write =
  | { readonly kind: 'leg'; readonly leg: Leg; readonly source: LegSource }
  | { readonly kind: 'close'; readonly group: string }
  | { readonly kind: 'recordings'; readonly files: readonly RecordingFile[] }
  | { readonly kind: 'gone'; readonly paths: readonly string[] }
  | { readonly kind: 'user'; readonly user: User; readonly audit: AuditLine }
  | { readonly kind: 'setting'; readonly name: string; readonly value: unknown; readonly audit: AuditLine };

/** What a write did. `sequences` are its EventSequences, in order; [] where nothing was new. */
export interface Written {
  readonly sequences: readonly number[];
  /** Of a leg: its call group, and whether that still waits to be closed. null: the record was there already. */
  readonly group?: { readonly key: string; readonly open: boolean } | null;
}

/** One write's outcome: another's failure doesn't touch it. */
export type WriteOutcome = Outcome<Written>;

export type Store = ReturnType<typeof openStore>;
export type Operations = Store['operations'];
export type Operation = keyof Operations;

/** @throws {StoreError} when the file can't be opened or brought to this schema. */
export function openStore(options: StoreOptions) {
  const names = { zone: zoneOf(options.rules.zone), trunks: options.rules.trunks.names };
  const plan = numberPlan(options.rules.numbering);
  const rules: FoldRules = {
    plan,
    trunks: trunkRules({ ...options.rules.trunks, plan }),
    recordingsDir: options.rules.recordingsDir,
  };
  const database = openDatabase(options.file);
  try {
    migrate(database, options.file, options.migrations ?? released);
  } catch (error) {
    database.close();
    throw error;
  }
  const now = () => Math.floor(Date.now() / 1000);

  function writeLeg(leg: Leg, source: LegSource): Written {
    const match = matchLeg(legsOfUniqueId(database, leg.uniqueId), leg, source);
    if (match.kind === 'duplicate') return { sequences: [], group: null };
    let group: string;
    const sequences: number[] = [];
    if (match.kind === 'merge') {
      updateLeg(database, match);
      group = match.leg.group;
    } else {
      group = groupOf(legsOfKey(database, groupKey(leg)), leg);
      const id = insertLeg(database, group, LEG_SOURCE[source], leg);
      sequences.push(announce(database, 'cdr', id, now()));
    }
    const { open, announced } = applyFold(database, group, foldLegs(legsOfGroup(database, group), rules), now());
    return { sequences: [...sequences, ...announced], group: { key: group, open } };
  }

  function write(item: Write): Written {
    switch (item.kind) {
      case 'leg':
        return writeLeg(item.leg, item.source);
      case 'close':
        return { sequences: closeGroup(database, item.group, now()) };
      case 'recordings':
        return { sequences: item.files.flatMap((file) => applyRecording(database, file, names, now())) };
      case 'gone':
        markGone(database, item.paths, now());
        return { sequences: [] };
      case 'user':
        putUser(database, item.user, now());
        audit(database, item.audit, now());
        return { sequences: [] };
      case 'setting':
        writeSetting(database, item.name, item.value, now());
        audit(database, item.audit, now());
        return { sequences: [] };
    }
  }

  const operations = {
    /** All of them in one durable transaction; one that fails is undone by itself. */
    write: (items: readonly Write[]): WriteOutcome[] =>
      database.transaction(() => items.map((item) => database.attempt(() => write(item)))),
    callPage: (request: PageRequest<CallFilter>) => callPage(database, request),
    callCount: (request: CountRequest<CallFilter>) => callCount(database, request),
    recordingPage: (request: PageRequest<RecordingFilter>) => recordingPage(database, request),
    recordingCount: (request: CountRequest<RecordingFilter>) => recordingCount(database, request),
    knownRecordings: (folder: string) => knownRecordings(database, folder),
    recordingFolders: () => recordingFolders(database),
    openGroups: () => openGroups(database),
    user: (name: string) => userByName(database, name),
    userNames: () => userNames(database),
    setting: (name: string) => readSetting(database, name),
  };

  return {
    operations,
    /** Milliseconds of the last commit, fsync included. */
    lastCommitMs: () => database.lastCommitMs,
    close: () => database.close(),
  };
}
