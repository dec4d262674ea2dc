/**
 * Carries a write out, inside the transaction of whoever calls: each kind's rows, their audit line and what is to be told
 * of them.
 */
import { StoreError } from '../errors.ts';
import type { FoldRules } from '../model/fold.ts';
import type { LegSource } from '../model/leg.ts';
import { zone as zoneOf } from '../model/local-time.ts';
import { type Numbering, numberPlan } from '../model/number-plan.ts';
import { trunkRules } from '../model/trunk.ts';
import { type CsvBatch, NOTHING, type SettingChange, type Write, type Written } from '../write.ts';
import { noteApiKeyUse, putApiKey, removeApiKey } from './api-key.ts';
import { type AuditLine, audit } from './audit.ts';
import { closeGroup } from './call.ts';
import { bounded, turnDeletion } from './call-deletion.ts';
import { putContacts, removeContacts, stageContacts, swapContacts } from './contact.ts';
import { type CsvFault, keepCsvFault, writeCsvPosition } from './csv.ts';
import type { Database } from './database.ts';
import { beginDeletion, deletionById, moveDeletion } from './deletion.ts';
import { keepRecordings } from './keep.ts';
import { seeMedium } from './medium.ts';
import { keepMediumChange } from './medium-change.ts';
import { processCall } from './missed.ts';
import { announce } from './outbox.ts';
import { changePause } from './pause.ts';
import { applyRecording, markGone } from './recording.ts';
import { keepPolicy } from './recording-policy.ts';
import { trashStep } from './recording-trash.ts';
import { foldGroups, type PutRecord, putRecord, refoldStep } from './records.ts';
import { writeSetting } from './setting.ts';
import { noteShareUse, putShare, removeShare } from './share.ts';
import { noteUserUse, putUser, removeUser } from './user.ts';
import { putView, removeView } from './view.ts';

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

export interface Applier {
  /** @throws what SQLite refuses: the caller undoes this one alone. */
  apply(item: Write): Written;
  /** What calls are made by now. */
  readonly rules: FoldRules;
  /** From now on calls are made by these; what is stored stays as it is. @throws {NumberPlanError} */
  useRules(changed: StoreRules): void;
}

/** @param now Epoch seconds. @throws {NumberPlanError} when the numbering's ranges can't be read or overlap. */
export function createApplier(database: Database, given: StoreRules, now: () => number): Applier {
  let { names, rules } = rulesOf(given);

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
    // Of several records a later one may have moved what an earlier one knew.
    const { open, calls } = foldGroups(database, groups, rules, now(), put.length === 1 ? put[0]?.known : undefined);
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
      case 'userUsed':
        noteUserUse(database, item.name, item.at);
        return {};
      case 'apiKey':
        putApiKey(database, item.key);
        audit(database, item.audit, now());
        return {};
      case 'apiKeyUsed':
        noteApiKeyUse(database, item.id, item.at);
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
      case 'processed': {
        const calls = processCall(database, item.id, item.processed, item.audit, now());
        return { calls: calls ?? [], removed: calls ? 1 : 0 };
      }
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
      case 'view':
        audit(database, item.audit, now());
        return { view: putView(database, item.id, item.view, now()) };
      case 'viewGone':
        return audited(item.audit, removeView(database, item.id) ? 1 : 0);
      case 'share': {
        const id = putShare(database, item.share, item.most);
        if (id !== null) audit(database, { ...item.audit, detail: { ...item.audit.detail, id } }, now());
        return { share: id };
      }
      case 'shareUsed':
        noteShareUse(database, item.id, item.at);
        return {};
      case 'shareGone':
        return audited(item.audit, removeShare(database, item.id) ? 1 : 0);
      case 'audit':
        audit(database, item.audit, now());
        return {};
    }
  }

  return {
    apply: (item) => ({ ...NOTHING, ...write(item) }),
    get rules() {
      return rules;
    },
    useRules(changed) {
      ({ names, rules } = rulesOf(changed));
    },
  };
}

/** @throws {NumberPlanError} when the numbering's ranges can't be read or overlap. */
function rulesOf({ numbering, trunks, recordingsDir, zone }: StoreRules) {
  const plan = numberPlan(numbering);
  const rules: FoldRules = { plan, trunks: trunkRules({ ...trunks, plan }), recordingsDir };
  return { names: { zone: zoneOf(zone), trunks: trunks.names }, rules };
}
