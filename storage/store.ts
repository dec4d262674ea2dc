/**
 * What can be asked of the store, as one table of operations. It runs inside the worker; unit tests may open the same
 * thing in their own thread. Nothing here waits: an operation is one bounded step, or one transaction.
 */
import { createDisk, type DiskStatus } from './disk.ts';
import { isDiskFault, StoreError } from './errors.ts';
import type {
  CallFilter,
  CountRequest,
  IdsRequest,
  LegRequest,
  NumbersRequest,
  PageRequest,
  RecordingFilter,
  SortKeysRequest,
  TotalsRequest,
  TruthFilter,
} from './filter.ts';
import type { Leg } from './model/leg.ts';
import { type ApiKey, apiKeys } from './sql/api-key.ts';
import { type Applier, createApplier, type StoreRules } from './sql/apply.ts';
import {
  type AuditEntry,
  type AuditFilter,
  type AuditPlace,
  type AuditRequest,
  auditChains,
  auditEntries,
  auditLink,
  type ChainState,
  checkAudit,
} from './sql/audit.ts';
import type { Chain } from './sql/audit-chain.ts';
import { callIds, isMostCalls } from './sql/by-id.ts';
import { openGroups } from './sql/call.ts';
import { type Stepped, stepDeletion, vacuumStep } from './sql/call-deletion.ts';
import { callDetail } from './sql/call-detail.ts';
import { callNumbers } from './sql/candidates.ts';
import { createCheckpoints } from './sql/checkpoints.ts';
import { type Contact, contactCount, contacts, contactsOf } from './sql/contact.ts';
import { type CsvFault, type CsvPosition, type CsvProgress, csvPositions } from './sql/csv.ts';
import { type Database, openDatabase } from './sql/database.ts';
import {
  type Deletion,
  type DeletionKind,
  type DeletionState,
  deletedCalls,
  deletionByToken,
  deletions,
  unfinishedDeletions,
} from './sql/deletion.ts';
import { type Forgetting, forgetSome, removalsFrom } from './sql/forget.ts';
import { createGivenOut } from './sql/given-out.ts';
import { listedRecordings } from './sql/keep.ts';
import { newestEnd } from './sql/leg.ts';
import { legRows, legStep } from './sql/leg-listing.ts';
import { callCount, callHits, callPage, callSortKeys, recordingCount, recordingPage } from './sql/listing.ts';
import {
  type KnownMedium,
  knownMedia,
  type MediaUsage,
  mediaUsage,
  mediumOfMark,
  offlineRecording,
} from './sql/medium.ts';
import type { MediumChange } from './sql/medium-change.ts';
import { migrate } from './sql/migrate.ts';
import type { Migration } from './sql/migration/migration.ts';
import { migrations as released } from './sql/migration/migrations.ts';
import { type MissedCall, type MissedRequest, type MissedStep, missedStep } from './sql/missed.ts';
import { type OutboxEvent, outboxPage } from './sql/outbox.ts';
import { openPauses } from './sql/pause.ts';
import { indexedRecordings, knownRecordings, recordingFolders } from './sql/recording.ts';
import { hiddenPaths, type Trashed, type TrashProgress, type TrashStep, trashed } from './sql/recording-trash.ts';
import { missingRecords, type OpenGroup, verifyStep, type Walk } from './sql/records.ts';
import { clearStaged, forgetReplacement, replacementOf } from './sql/replace.ts';
import { tellReplacement } from './sql/replacement.ts';
import {
  type AgeRange,
  type CallWalk,
  type OldRecording,
  type OldRecordings,
  oldestRecordings,
  passCalls,
  type RecordingSum,
  sumRecordings,
} from './sql/retention.ts';
import { readSetting, settings } from './sql/setting.ts';
import { type Share, shareByHash, shares } from './sql/share.ts';
import { createStill, type StillFile } from './sql/still.ts';
import { callSums } from './sql/sums.ts';
import { type SumsCheckRequest, sumsCheck } from './sql/sums-check.ts';
import { callDays, callTotals } from './sql/totals.ts';
import { trace } from './sql/trace.ts';
import { truthCount, truthPage, truthTally } from './sql/truth.ts';
import { type NewUser, type User, userByName, users } from './sql/user.ts';
import { type NewView, type View, views } from './sql/view.ts';
import { GROWS, type Write, type WriteOutcome } from './write.ts';

/** Everything the store needs to know; plain data, because it is posted to a thread. */
export interface StoreOptions {
  /** The database file. Its folder exists and is locked by this process. */
  readonly file: string;
  readonly rules: StoreRules;
  readonly migrations?: readonly Migration[];
  /** Bytes of its disk that stay free: below it the store stops growing. Absent: none. */
  readonly reserve?: number;
  /** Where a store can be read from whose disk takes no writes: a folder of this process alone, on another disk. */
  readonly readingFolder?: string;
}

/** On a full disk a log is worth bringing in that is longer than it stays anyway (checkpoints.ts, the short one). */
const LOG_LONG_BYTES = 5 * 1024 * 1024;

/** A step of long work that writes. */
export type Step =
  /** The next rows of a deletion of calls. */
  | { readonly kind: 'deletion'; readonly id: number }
  /** Gives freed pages of the file back to the disk, but for so many. */
  | { readonly kind: 'vacuum'; readonly keep: number };

/** What a step did. */
export interface StepDone {
  /** Of a deletion: it and the calls concerned. */
  readonly stepped: Stepped | null;
  /** Freed pages that are left. */
  readonly freePages: number;
}

export type {
  AgeRange,
  ApiKey,
  AuditEntry,
  AuditFilter,
  AuditPlace,
  CallWalk,
  Chain,
  ChainState,
  Contact,
  CsvFault,
  CsvPosition,
  CsvProgress,
  Deletion,
  DeletionKind,
  DeletionState,
  Forgetting,
  KnownMedium,
  MediaUsage,
  MediumChange,
  MissedCall,
  MissedStep,
  NewUser,
  NewView,
  OldRecording,
  OldRecordings,
  OpenGroup,
  OutboxEvent,
  RecordingSum,
  Share,
  StillFile,
  Trashed,
  TrashProgress,
  TrashStep,
  User,
  View,
  Walk,
};
export type Store = ReturnType<typeof openStore>;
export type Operations = Store['operations'];
export type Operation = keyof Operations;

/** Of several writes one has failed; which of them, and why, each by itself tells. */
class OneFailed extends Error {}

function diskFaultIn(outcome: WriteOutcome): StoreError | null {
  if ('done' in outcome) return null;
  const error = new StoreError(outcome.failed.code, outcome.failed.message);
  return isDiskFault(error) ? error : null;
}

/** It has taken another store's place since it was last open. */
function takeDownReplacement(database: Database, file: string): void {
  clearStaged(file);
  const replacement = replacementOf(file);
  if (!replacement) return;
  tellReplacement(database, replacement);
  forgetReplacement(file);
}

/** @throws {StoreError} when the file can't be opened or brought to this schema. */
export function openStore(options: StoreOptions) {
  const now = () => Math.floor(Date.now() / 1000);
  const database = openDatabase(options.file, options.readingFolder);
  let applier: Applier;
  let wasOlder: boolean;
  try {
    applier = createApplier(database, options.rules, now);
    wasOlder = migrate(database, options.file, options.migrations ?? released);
    if (!database.onlyRead) takeDownReplacement(database, options.file);
  } catch (error) {
    database.close();
    throw error;
  }
  const disk = createDisk({ file: options.file, reserve: options.reserve ?? 0 });
  if (database.onlyRead) disk.failed(database.onlyRead);
  const checkpoints = createCheckpoints(database);
  const still = createStill({ database, checkpoints, file: options.file, reserve: options.reserve ?? 0 });
  const noteNumbers = createGivenOut(database, options.file);

  /** A transaction of so many writes, which the disk may refuse. */
  function onDisk<T>(writes: number, work: () => T): T {
    try {
      // Where the system doesn't say what is free, as near to a full disk. Looked at by whatever makes the store grow.
      if (!database.onlyRead) checkpoints.fit((disk.status.free ?? 0) - disk.status.reserve);
      const done = database.transaction(() => {
        const result = work();
        noteNumbers();
        return result;
      });
      still.committed();
      return done;
    } catch (error) {
      if (!isDiskFault(error)) throw error;
      disk.refused(writes);
      throw disk.failed(error);
    }
  }

  /**
   * SQLite may survive that the disk refuses one of them: the others are committed. The state is told of it all the same,
   * because whoever holds something back waits for the state to be well again.
   */
  function tellFaults(outcomes: readonly WriteOutcome[]): WriteOutcome[] {
    const faults = outcomes.map(diskFaultIn);
    const first = faults.find((fault) => fault !== null);
    if (!first) return [...outcomes];
    const { code, message } = disk.failed(first);
    disk.refused(faults.filter((fault) => fault !== null).length);
    return outcomes.map((outcome, index) => (faults[index] ? { failed: { code, message } } : outcome));
  }

  /**
   * Each of them undone by itself where it fails. That costs a savepoint: two statements, and a copy of every page that the
   * write changes. Hardly any write fails, so at first all are tried without.
   */
  function writeTogether(items: readonly Write[]): WriteOutcome[] {
    try {
      return onDisk(items.length, () => items.map(applyOrFail));
    } catch (error) {
      if (!(error instanceof OneFailed)) throw error;
      return onDisk(items.length, () => items.map((item) => database.attempt(() => applier.apply(item))));
    }
  }

  function applyOrFail(item: Write): WriteOutcome {
    try {
      return { done: applier.apply(item) };
    } catch (error) {
      throw new OneFailed('one of several writes', { cause: error });
    }
  }

  /** Those that have to wait are refused untried; the others share one transaction. */
  function writeAll(items: readonly Write[]): WriteOutcome[] {
    const waits = items.some(({ kind }) => GROWS[kind]) ? disk.growthWaits() : null;
    const taken = items.filter(({ kind }) => !waits || !GROWS[kind]);
    disk.refused(items.length - taken.length);
    const outcomes = taken.length === 0 ? [] : tellFaults(writeTogether(taken));
    if (!waits) return outcomes;
    const refusal: WriteOutcome = { failed: { code: waits.code, message: waits.message } };
    return items.map(({ kind }) => (GROWS[kind] ? refusal : (outcomes.shift() ?? refusal)));
  }

  const operations = {
    /** All of them in one durable transaction; one that fails is undone by itself. */
    write: writeAll,
    /**
     * One step of long work, in a transaction of its own. It comes by the bulk lane, which has one request under way: a
     * record waits for one step and its commit at most. Taken into the records' own transaction it would hold up each of
     * them by its work as well, and a step that fails would have to be told from them.
     */
    step: (step: Step): StepDone =>
      onDisk(1, () =>
        step.kind === 'vacuum'
          ? { stepped: null, freePages: vacuumStep(database, step.keep) }
          : { stepped: stepDeletion(database, step.id, applier.rules.plan, now()), freePages: 0 },
      ),
    callPage: (request: PageRequest<CallFilter>) => callPage(database, request),
    callCount: (request: CountRequest<CallFilter>) => callCount(database, request),
    isMostCalls: (filter: CallFilter) => isMostCalls(database, filter),
    callIds: (request: IdsRequest) => callIds(database, request),
    callTotals: (request: TotalsRequest) => callTotals(database, request),
    callSums: (request: TotalsRequest) => callSums(database, request),
    callDays: (request: TotalsRequest) => callDays(database, request),
    callNumbers: (request: NumbersRequest) => callNumbers(database, request),
    callHits: (request: CountRequest<CallFilter>) => callHits(database, request),
    callSortKeys: (request: SortKeysRequest) => callSortKeys(database, request),
    /** Looks whether its disk takes writes, and whether it does so again. Where nothing is wrong it writes nothing. */
    probeDisk(): DiskStatus {
      const isOk = disk.growthWaits() === null;
      const isLong = database.logBytes > (isOk ? checkpoints.overdueBytes : LOG_LONG_BYTES);
      if (isOk && (!isLong || still.held)) return disk.status;
      disk.probe(() => {
        still.breakOff('the disk of the store was full or refused meanwhile'); // a checkpoint follows
        if (database.onlyRead) checkpoints.begunAnew();
        database.prove();
      }, isLong);
      return disk.status;
    },
    recordingPage: (request: PageRequest<RecordingFilter>) => recordingPage(database, request),
    recordingCount: (request: CountRequest<RecordingFilter>) => recordingCount(database, request),
    truthPage: (request: PageRequest<TruthFilter>) => truthPage(database, request),
    truthCount: (request: CountRequest<TruthFilter>) => truthCount(database, request),
    truthTally: (request: CountRequest<TruthFilter>) => truthTally(database, request),
    mediumOfMark: (mark: string) => mediumOfMark(database, mark),
    knownRecordings: ({ medium, folder }: { medium: number; folder: string }) =>
      knownRecordings(database, medium, folder),
    indexedRecordings: ({ medium, paths }: { medium: number; paths: readonly string[] }) =>
      indexedRecordings(database, medium, paths),
    knownMedia: () => knownMedia(database),
    mediaUsage: (after: number) => mediaUsage(database, after),
    offlineRecording: ({ paths, present }: { paths: readonly string[]; present: number | null }) =>
      offlineRecording(database, paths, present),
    recordingFolders: (medium: number) => recordingFolders(database, medium),
    listedRecordings: (paths: readonly string[]) => listedRecordings(database, paths),
    oldestRecordings: (range: AgeRange) => oldestRecordings(database, range),
    sumRecordings: (range: AgeRange) => sumRecordings(database, range),
    missedStep: (request: MissedRequest) => missedStep(database, request, applier.rules.plan),
    legStep: (request: LegRequest) => legStep(database, request, applier.rules),
    legRows: (ids: readonly number[]) => legRows(database, ids, applier.rules),
    passCalls: (walk: CallWalk) => passCalls(database, walk),
    /** One step of forgetting what nobody can ask for any more. */
    forget: (at: Forgetting) => onDisk(1, () => forgetSome(database, at, now())),
    removalsFrom: () => removalsFrom(database),
    openGroups: () => openGroups(database),
    trace: (uniqueId: string) => trace(database, uniqueId, applier.rules),
    callDetail: (which: { readonly id: number; readonly present: number | null }) =>
      callDetail(database, which, applier.rules),
    /** End of the newest record, epoch seconds; null: there is none. */
    newestEnd: () => newestEnd(database),
    /** Whether somebody copies its file at this moment. */
    isHeldStill: () => still.held,
    csvPositions: () => csvPositions(database),
    openPauses: () => openPauses(database),
    missingRecords: (legs: readonly Leg[]) => missingRecords(database, legs),
    verifyStep: (after: NonNullable<Walk>) => verifyStep(database, after, applier.rules),
    sumsCheck: (request: SumsCheckRequest) => sumsCheck(database, request),
    user: (name: string) => userByName(database, name),
    users: () => users(database),
    apiKeys: () => apiKeys(database),
    views: () => views(database),
    /** @param now Epoch seconds. */
    shares: (now: number) => shares(database, now),
    shareByHash: (hash: string) => shareByHash(database, hash),
    contacts: ({ after, limit }: { after: string; limit: number }) => contacts(database, after, limit),
    contactsOf: (numbers: readonly string[]) => contactsOf(database, numbers),
    contactCount: () => contactCount(database),
    auditEntries: (request: AuditRequest) => auditEntries(database, request),
    auditChains: () => auditChains(database),
    auditLink: ({ chain, line }: { chain: Chain; line: number }) => auditLink(database, chain, line),
    checkAudit: (place: AuditPlace) => checkAudit(database, place),
    deletion: (token: string) => deletionByToken(database, token),
    deletions: ({ kind, limit }: { kind: DeletionKind; limit: number }) => deletions(database, kind, limit),
    unfinishedDeletions: () => unfinishedDeletions(database),
    deletedCalls: () => deletedCalls(database),
    outbox: (after: number) => outboxPage(database, after),
    trashed: () => trashed(database),
    hiddenPaths: ({ id, paths }: { id: number; paths: readonly string[] }) => hiddenPaths(database, id, paths),
    /** From here on the file may be copied, as it is at this moment, until `copyEnd` tells whether it was still throughout: '', or why not. */
    copyBegin: () => still.begin(),
    copyEnd: (holder: number) => still.end(holder),
    setting: (name: string) => readSetting(database, name),
    settings: () => settings(database),
    /** From now on calls are made by these; what is stored stays as it is. */
    useRules(changed: StoreRules): null {
      applier.useRules(changed);
      return null;
    },
  };

  return {
    operations,
    /** Opening has brought it to this schema. */
    wasOlder,
    /** Milliseconds of the last commit, fsync included. */
    lastCommitMs: () => database.lastCommitMs,
    /** What its disk lets it do: another object whenever something of it has changed. */
    disk: () => disk.status,
    close: () => database.close(),
  };
}
