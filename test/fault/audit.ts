/**
 * Looks at what a dead daemon left, on a copy: opened as the next start would open it, the store must be sound, hold
 * everything that was acknowledged, nothing twice and nothing that was never sent, and its calls must be those that its
 * legs fold to.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../../daemon/config.ts';
import { storeOptions } from '../../daemon/state.ts';
import type { CallRow } from '../../storage/model/call.ts';
import { type FoldRules, foldLegs } from '../../storage/model/fold.ts';
import { numberPlan } from '../../storage/model/number-plan.ts';
import { trunkRules } from '../../storage/model/trunk.ts';
import { callById } from '../../storage/sql/call.ts';
import { type Database, openDatabase } from '../../storage/sql/database.ts';
import { legsOfGroup } from '../../storage/sql/leg.ts';
import { migrations } from '../../storage/sql/migration/migrations.ts';
import { boxEnv, type Folders } from './box.ts';
import { type Ledger, recordName } from './peer.ts';

export interface Findings {
  /** Acknowledged records and recordings that are missing. */
  readonly losses: string[];
  /** What stands there more than once. */
  readonly doubles: string[];
  /** Anything else that doesn't agree. */
  readonly faults: string[];
  /** Records there, by {@link recordName}. */
  readonly records: ReadonlySet<string>;
  /** All calls, and those of them that are still open. */
  readonly calls: number;
  readonly open: number;
}

/** @param served Recordings that a daemon has shown. The daemon must be dead: its files are copied as they lie. */
export function audit(place: Folders, ledger: Ledger, served: readonly string[] = []): Findings {
  const copy = join(place.root, 'copy');
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy);
  const found: Findings & { calls: number; open: number } = {
    losses: [],
    doubles: [],
    faults: [],
    records: new Set(),
    calls: 0,
    open: 0,
  };
  if (!existsSync(join(place.state, 'cdrd.db'))) {
    // Killed before the store had its name: there can't be anything in it.
    found.losses.push(...ledger.acknowledged);
    return found;
  }
  for (const name of readdirSync(place.state))
    if (/^cdrd\.db(-wal)?$/.test(name)) cpSync(join(place.state, name), join(copy, name));
  const database = openDatabase(join(copy, 'cdrd.db'));
  try {
    return lookInto(database, rulesOf(place), ledger, served);
  } finally {
    database.close();
  }
}

export function rulesOf(place: Folders): FoldRules {
  const { rules } = storeOptions(loadConfig(null, boxEnv(place, 0)));
  const plan = numberPlan(rules.numbering);
  return { plan, trunks: trunkRules({ ...rules.trunks, plan }), recordingsDir: rules.recordingsDir };
}

/** @param rules Those of the daemon, see {@link rulesOf}. */
export function lookInto(
  database: Database,
  rules: FoldRules,
  ledger: Pick<Ledger, 'sent' | 'acknowledged'>,
  served: readonly string[],
): Findings {
  const faults: string[] = [];
  const texts = (sql: string) => database.all(sql).map((row) => Object.values(row).join(' '));
  const sound = texts('PRAGMA integrity_check');
  if (sound.join() !== 'ok') faults.push(...sound);
  const version = Number(texts('PRAGMA user_version')[0]);
  // Killed among the first migrations, each a commit of its own: some tables are not there yet, and nothing is in the others.
  if (version < migrations.length)
    return { losses: [...ledger.acknowledged], doubles: [], faults, records: new Set(), calls: 0, open: 0 };

  const stored = database
    .all('SELECT uniqueid, sequence FROM leg')
    .map((row) => recordName(String(row['uniqueid']), Number(row['sequence'])));
  const records = new Set(stored);
  const sent = new Set(ledger.sent);
  faults.push(...stored.filter((name) => !sent.has(name)).map((name) => `never sent: ${name}`));
  const recordings = texts('SELECT path FROM recording WHERE gone_at IS NULL');
  const twice = (items: readonly string[]) => items.filter((item, index) => items.indexOf(item) !== index);
  faults.push(
    ...texts(`SELECT 'leg not announced once: ', id FROM leg
    WHERE (SELECT count(*) FROM outbox WHERE kind = 'cdr' AND ref = leg.id) <> 1`),
  );
  const orphans = texts(`SELECT 'announced without its leg: ', id FROM outbox
    WHERE kind = 'cdr' AND NOT EXISTS (SELECT 1 FROM leg WHERE id = ref)`);
  // Erased records were announced in their time.
  if (orphans.length > Number(texts('SELECT count(*) FROM leg_erased')[0])) faults.push(...orphans);
  faults.push(
    ...texts(`SELECT 'closed call not announced: ', id FROM call WHERE open = 0
    AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.id = changed AND kind = 'call' AND ref = call.id)`),
  );
  faults.push(...texts(`SELECT 'open call announced: ', id FROM call WHERE open = 1 AND changed IS NOT NULL`));
  faults.push(
    ...texts(`SELECT 'recording tied to no call: ', path FROM recording
    WHERE call_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM call WHERE call.id = call_id)`),
  );
  const { calls, open } = foldAnew(database, rules, faults);
  return {
    losses: [
      ...[...ledger.acknowledged].filter((name) => !records.has(name)),
      ...served.filter((path) => !recordings.includes(path)),
    ],
    doubles: [
      ...twice(stored),
      ...twice(recordings),
      ...texts('SELECT anchor FROM call GROUP BY anchor HAVING count(*) > 1').map((leg) => `two calls on leg ${leg}`),
    ],
    faults,
    records,
    calls,
    open,
  };
}

/** Folds every group's legs again and compares. */
function foldAnew(database: Database, rules: FoldRules, faults: string[]) {
  const groups = database.all('SELECT DISTINCT call_group AS name FROM leg').map((row) => String(row['name']));
  const stored = database.all('SELECT id FROM call').flatMap((row) => callById(database, Number(row['id'])) ?? []);
  for (const group of groups) {
    const own = stored.filter((call) => call.group === group);
    const folded = foldLegs(legsOfGroup(database, group), rules);
    const wanted = folded.map(({ anchor, row }) => text(anchor, row)).sort();
    // A recording that was tied by time stands in the call and in no leg.
    const named = new Set(folded.map(({ row }) => row.recording).filter(Boolean));
    const there = own
      .map(({ anchor, row }) => text(anchor, named.has(row.recording) ? row : { ...row, recording: '' }))
      .sort();
    if (there.join() !== wanted.join()) faults.push(`legs and calls disagree: ${group}: ${there} is not ${wanted}`);
  }
  faults.push(
    ...stored.filter((call) => !groups.includes(call.group)).map((call) => `a call without legs: ${call.group}`),
  );
  return { calls: stored.length, open: stored.filter((call) => call.open).length };
}

/** A row as text, its fields in one order whoever made it. */
function text(anchor: number, row: CallRow): string {
  return JSON.stringify([anchor, ...Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1))]);
}
