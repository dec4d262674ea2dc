/**
 * What can be asked of the store, as one table of operations. It runs inside the worker; unit tests may open the same
 * thing in their own thread. Nothing here waits: an operation is one bounded step, or one transaction.
 */
import { createDisk, type DiskStatus } from './disk.ts';
import { isDiskFault, StoreError } from './errors.ts';
import type {
  CallFilter,
  CandidatesRequest,
  CountRequest,
  PageRequest,
  RecordingFilter,
  TotalsRequest,
  TruthFilter,
} from './filter.ts';
import type { FoldRules } from './model/fold.ts';
import type { CallType, Leg, LegSource } from './model/leg.ts';
import { zone as zoneOf } from './model/local-time.ts';
import { type Numbering, numberPlan } from './model/number-plan.ts';
import { trunkRules } from './model/trunk.ts';
import { type ApiKey, apiKeys, putApiKey, removeApiKey } from './sql/api-key.ts';
import { type AuditEntry, type AuditLine, audit, auditEntries } from './sql/audit.ts';
import { closeGroup, openGroups } from './sql/call.ts';
import { bounded, type Stepped, stepDeletion, turnDeletion, vacuumStep } from './sql/call-deletion.ts';
import { callCandidates } from './sql/candidates.ts';
import {
  type Contact,
  contactCount,
  contacts,
  putContacts,
  removeContacts,
  stageContacts,
  swapContacts,
} from './sql/contact.ts';
import {
  type CsvFault,
  type CsvFile,
  type CsvPosition,
  type CsvProgress,
  csvPositions,
  keepCsvFault,
  writeCsvPosition,
} from './sql/csv.ts';
import { type Database, type Outcome, openDatabase } from './sql/database.ts';
import {
  beginDeletion,
  type Deletion,
  type DeletionKind,
  type DeletionState,
  deletedCalls,
  deletionById,
  deletionByToken,
  deletions,
  moveDeletion,
  type NewDeletion,
  unfinishedDeletions,
} from './sql/deletion.ts';
import { type Forgetting, forgetSome, removalsFrom } from './sql/forget.ts';
import { createGivenOut } from './sql/given-out.ts';
import { keepRecordings, listedRecordings } from './sql/keep.ts';
import { callCount, callHits, callPage, recordingCount, recordingPage } from './sql/listing.ts';
import {
  type KnownMedium,
  knownMedia,
  type MediaUsage,
  mediaUsage,
  mediumOfMark,
  offlineRecording,
  seeMedium,
} from './sql/medium.ts';
import { keepMediumChange, type MediumChange } from './sql/medium-change.ts';
import { migrate } from './sql/migrate.ts';
import type { Migration } from './sql/migration/migration.ts';
import { migrations as released } from './sql/migration/migrations.ts';
import { announce, type OutboxEvent, outboxPage } from './sql/outbox.ts';
import { changePause, openPauses, type PauseChange } from './sql/pause.ts';
import {
  applyRecording,
  indexedRecordings,
  knownRecordings,
  markGone,
  type RecordingFile,
  recordingFolders,
} from './sql/recording.ts';
import { keepPolicy } from './sql/recording-policy.ts';
import {
  hiddenPaths,
  type Trashed,
  type TrashProgress,
  type TrashStep,
  trashed,
  trashStep,
} from './sql/recording-trash.ts';
import {
  foldGroups,
  missingRecords,
  type OpenGroup,
  type PutRecord,
  putRecord,
  refoldStep,
  verifyStep,
  type Walk,
} from './sql/records.ts';
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
import { mergeNumbers } from './sql/search.ts';
import { readSetting, settings, writeSetting } from './sql/setting.ts';
import { createStill, type StillFile } from './sql/still.ts';
import { createCallTotals } from './sql/totals.ts';
import { trace } from './sql/trace.ts';
import { truthCount, truthPage, truthTally } from './sql/truth.ts';
import { putUser, removeUser, type User, userByName, users } from './sql/user.ts';

/** What calls are made by. Changed ones hold for what comes after. */
export interface StoreRules {
  readonly numbering: Numbering;
  readonly trunks: {
    readonly names: readonly string[];
    readonly fxo: readonly string[];
    readonly gsm: readonly string[];
  };
  readonly recordingsDir: string;
  /** IANA name; '' = the system's. */
  readonly zone: string;
}

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
  | { readonly kind: 'user'; readonly user: User; readonly audit: AuditLine }
  | { readonly kind: 'userGone'; readonly name: string; readonly audit: AuditLine }
  | { readonly kind: 'apiKey'; readonly key: ApiKey; readonly audit: AuditLine }
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
  /** Several settings, all or none. */
  | { readonly kind: 'settings'; readonly changes: readonly SettingChange[] }
  /** A recording was paused, or goes on. */
  | { readonly kind: 'pause'; readonly pause: PauseChange; readonly audit: AuditLine }
  /** Asterisk has acknowledged that it is to record these kinds of calls. */
  | { readonly kind: 'policyTold'; readonly kinds: readonly CallType[] }
  /** Something that changed nothing in the store and yet is to be known. */
  | { readonly kind: 'audit'; readonly audit: AuditLine };

/**
 * Whether a write makes the store grow. Below the reserve such writes wait; the others are small and few, or make room:
 * what people do, the ends of calls that are there, steps of deletions.
 */
const GROWS: Readonly<Record<Write['kind'], boolean>> = {
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
  apiKey: false,
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
  pause: false,
  note: false,
  policyTold: false,
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
  /** Of a removal: how many there were; of a step of a deletion: 0 when it is in another state. */
  readonly removed: number;
  /** The deletion that has begun, or was turned, as it stands. */
  readonly deletion: Deletion | null;
}

/** Checkpoints come at 1,000 pages, 4 MiB, and a transaction may add as much before: a longer log has lost its checkpoints. */
const LOG_OVERDUE_BYTES = 16 * 1024 * 1024;
/** On a full disk a log is worth bringing in that is longer than it stays anyway (database.ts, journal_size_limit). */
const LOG_LONG_BYTES = 5 * 1024 * 1024;

const NOTHING: Written = {
  records: [],
  calls: [],
  recordings: [],
  medium: null,
  change: null,
  open: [],
  next: null,
  removed: 0,
  deletion: null,
};

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

/** A stretch of a CDR CSV, up to a position in its file. */
export interface CsvBatch extends CsvFile, CsvProgress {
  readonly legs: readonly Leg[];
  /** Where each of the legs stands. */
  readonly places: readonly CsvPosition[];
  readonly faults: readonly CsvFault[];
}

/** One write's outcome: another's failure doesn't touch it. */
export type WriteOutcome = Outcome<Written>;

export type {
  AgeRange,
  ApiKey,
  AuditEntry,
  CallWalk,
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
  OldRecording,
  OldRecordings,
  OpenGroup,
  OutboxEvent,
  RecordingSum,
  StillFile,
  Trashed,
  TrashProgress,
  TrashStep,
  User,
  Walk,
};
export type Store = ReturnType<typeof openStore>;
export type Operations = Store['operations'];
export type Operation = keyof Operations;

/** @throws {NumberPlanError} when the numbering's ranges can't be read or overlap. */
function rulesOf({ numbering, trunks, recordingsDir, zone }: StoreRules) {
  const plan = numberPlan(numbering);
  const rules: FoldRules = { plan, trunks: trunkRules({ ...trunks, plan }), recordingsDir };
  return { names: { zone: zoneOf(zone), trunks: trunks.names }, rules };
}

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
  let { names, rules } = rulesOf(options.rules);
  const database = openDatabase(options.file, options.readingFolder);
  try {
    migrate(database, options.file, options.migrations ?? released);
    if (!database.onlyRead) takeDownReplacement(database, options.file);
  } catch (error) {
    database.close();
    throw error;
  }
  const disk = createDisk({ file: options.file, reserve: options.reserve ?? 0 });
  if (database.onlyRead) disk.failed(database.onlyRead);
  const callTotals = createCallTotals(database);
  const still = createStill({ database, file: options.file, reserve: options.reserve ?? 0 });
  const noteNumbers = createGivenOut(database, options.file);
  const now = () => Math.floor(Date.now() / 1000);

  function writeCsv({ legs, places, faults, ...file }: CsvBatch): Partial<Written> {
    const originAt = (index: number) => ({ signature: file.signature, ...(places[index] ?? file) });
    const refused: CsvFault[] = [];
    const put = legs.map((leg, index) => {
      // A record that the store can't take must not keep all those behind it from ever being read; a disk that is full
      // or fails is no fault of the record, and leaves the whole stretch to be read again.
      const outcome = database.attempt(() => putRecord(database, leg, originAt(index), rules, now()));
      if ('done' in outcome) return outcome.done;
      if (outcome.failed.code !== 'internal') throw new StoreError(outcome.failed.code, outcome.failed.message);
      const text = `${leg.uniqueId} ${leg.channel}`;
      refused.push({ offset: file.offset, line: file.line, reason: outcome.failed.message, text });
      return { sequence: null, touched: [], calls: [] };
    });
    for (const fault of [...faults, ...refused]) keepCsvFault(database, file, fault, now());
    writeCsvPosition(database, file, file, now());
    return { records: put.map(({ sequence }) => sequence), ...folded(put) };
  }

  /** Tests tell a record of the CSV without a file. */
  const originOf = (source: LegSource) => (source === 'ami' ? { amiAt: now() } : { signature: '', line: 0, offset: 0 });

  function folded(put: readonly PutRecord[]) {
    const groups = put.flatMap(({ touched }) => touched);
    const { open, calls } = foldGroups(database, groups, rules, now());
    const fresh = new Set(put.flatMap(({ sequence, touched }) => (sequence === null ? [] : touched)));
    return {
      open: open.map((group) => ({ ...group, fresh: fresh.has(group.key) })),
      calls: [...put.flatMap((record) => record.calls), ...calls],
    };
  }

  /** A removal stands in the audit log when there was something to remove. */
  function audited(line: AuditLine, removed: number): Partial<Written> {
    if (removed > 0) audit(database, line, now());
    return { removed };
  }

  function writeSettings(changes: readonly SettingChange[]): Partial<Written> {
    for (const { name, value, audit: line } of changes) {
      writeSetting(database, name, value, now());
      audit(database, line, now());
    }
    return {};
  }

  /** What came of it; what isn't named stayed as it was. */
  function write(item: Write): Partial<Written> {
    switch (item.kind) {
      case 'leg': {
        const put = putRecord(database, item.leg, originOf(item.source), rules, now());
        return { records: [put.sequence], ...folded([put]) };
      }
      case 'csv':
        return writeCsv(item.batch);
      case 'close':
        return { calls: closeGroup(database, item.group, now()) };
      case 'refold':
        return refoldStep(database, item.after, rules, now());
      case 'mediumSeen':
        return { medium: seeMedium(database, item.mark, item.formerly ?? null, now()) };
      case 'mediumChanged': {
        const id = keepMediumChange(database, item.change, now());
        return { change: id === null ? null : announce(database, 'medium', id, now()) };
      }
      case 'recordings': {
        const applied = item.files.map((file) => applyRecording(database, item.medium, file, names, now()));
        return {
          recordings: applied.flatMap(({ own }) => own ?? []),
          calls: applied.flatMap(({ calls }) => calls),
        };
      }
      case 'gone':
        markGone(database, item.medium, item.paths, now());
        return {};
      case 'user':
        putUser(database, item.user, now());
        audit(database, item.audit, now());
        return {};
      case 'userGone':
        return audited(item.audit, removeUser(database, item.name) ? 1 : 0);
      case 'apiKey':
        putApiKey(database, item.key);
        audit(database, item.audit, now());
        return {};
      case 'apiKeyGone':
        return audited(item.audit, removeApiKey(database, item.id) ? 1 : 0);
      case 'contacts':
        putContacts(database, item.contacts);
        audit(database, item.audit, now());
        return {};
      case 'contactsGone':
        return audited(item.audit, removeContacts(database, item.numbers));
      case 'contactsStaged':
        stageContacts(database, item.contacts, item.first);
        return {};
      case 'contactsSwapped':
        audit(database, item.audit, now());
        return { removed: swapContacts(database) };
      case 'deletion':
        audit(database, item.audit, now());
        return {
          deletion: beginDeletion(
            database,
            item.deletion.kind === 'call' ? bounded(database, item.deletion) : item.deletion,
            now(),
          ),
        };
      case 'turnDeletion':
        return { deletion: turnDeletion(database, item.id, item.from, item.to, item.audit, now()) };
      case 'deletionExpiry': {
        const deletion = deletionById(database, item.id);
        return { deletion: deletion && moveDeletion(database, deletion, { expiresAt: item.expiresAt }) };
      }
      case 'trash': {
        const calls = trashStep(database, item.step, now());
        return calls ? { calls, removed: 1 } : { removed: 0 };
      }
      case 'setting':
        return writeSettings([item]);
      case 'keep':
        return { removed: keepRecordings(database, item.paths, item.keep, item.audit, now()) };
      case 'note':
        writeSetting(database, item.name, item.value, now());
        return {};
      case 'settings':
        return writeSettings(item.changes);
      case 'pause':
        changePause(database, item.pause, now());
        audit(database, item.audit, now());
        return {};
      case 'policyTold':
        keepPolicy(database, item.kinds, now());
        return {};
      case 'audit':
        audit(database, item.audit, now());
        return {};
    }
  }

  /** A transaction of so many writes, which the disk may refuse. */
  function onDisk<T>(writes: number, work: () => T): T {
    try {
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

  /** Those that have to wait are refused untried; the others share one transaction. */
  function writeAll(items: readonly Write[]): WriteOutcome[] {
    const waits = items.some(({ kind }) => GROWS[kind]) ? disk.growthWaits() : null;
    const taken = items.filter(({ kind }) => !waits || !GROWS[kind]);
    disk.refused(items.length - taken.length);
    const outcomes =
      taken.length === 0
        ? []
        : tellFaults(
            onDisk(taken.length, () => taken.map((item) => database.attempt(() => ({ ...NOTHING, ...write(item) })))),
          );
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
          : { stepped: stepDeletion(database, step.id, rules.plan, now()), freePages: 0 },
      ),
    callPage: (request: PageRequest<CallFilter>) => callPage(database, request),
    callCount: (request: CountRequest<CallFilter>) => callCount(database, request),
    callTotals: (request: TotalsRequest) => callTotals(request),
    callCandidates: (request: CandidatesRequest) => callCandidates(database, request),
    callHits: (request: CountRequest<CallFilter>) => callHits(database, request),
    /** One step of the search index's upkeep. @returns whether there is more to do. */
    searchMerge: () => disk.growthWaits() === null && onDisk(1, () => mergeNumbers(database)),
    /** Looks whether its disk takes writes, and whether it does so again. Where nothing is wrong it writes nothing. */
    probeDisk(): DiskStatus {
      const isOk = disk.growthWaits() === null;
      const isLong = database.logBytes > (isOk ? LOG_OVERDUE_BYTES : LOG_LONG_BYTES);
      if (isOk && (!isLong || still.held)) return disk.status;
      disk.probe(() => {
        still.breakOff('the disk of the store was full or refused meanwhile'); // a checkpoint follows
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
    passCalls: (walk: CallWalk) => passCalls(database, walk),
    /** One step of forgetting what nobody can ask for any more. */
    forget: (at: Forgetting) => onDisk(1, () => forgetSome(database, at, now())),
    removalsFrom: () => removalsFrom(database),
    openGroups: () => openGroups(database),
    trace: (uniqueId: string) => trace(database, uniqueId, rules),
    csvPositions: () => csvPositions(database),
    openPauses: () => openPauses(database),
    missingRecords: (legs: readonly Leg[]) => missingRecords(database, legs),
    verifyStep: (after: NonNullable<Walk>) => verifyStep(database, after, rules),
    user: (name: string) => userByName(database, name),
    users: () => users(database),
    apiKeys: () => apiKeys(database),
    contacts: ({ after, limit }: { after: string; limit: number }) => contacts(database, after, limit),
    contactCount: () => contactCount(database),
    auditEntries: ({ before, limit }: { before: number | null; limit: number }) =>
      auditEntries(database, before, limit),
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
      ({ names, rules } = rulesOf(changed));
      return null;
    },
  };

  return {
    operations,
    /** Milliseconds of the last commit, fsync included. */
    lastCommitMs: () => database.lastCommitMs,
    /** What its disk lets it do: another object whenever something of it has changed. */
    disk: () => disk.status,
    close: () => database.close(),
  };
}
