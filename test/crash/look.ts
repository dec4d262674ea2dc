/**
 * Looks at a disk as a crash left it, through the eyes of the next start: the store must open by itself and be sound, hold
 * what was expected, and nothing twice; and when Asterisk's CSV has been read again, every record exactly once.
 */
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openAmiUsers } from '../../daemon/ami/users.ts';
import { legOfCsvLine } from '../../daemon/asterisk/cdr-csv.ts';
import { followCsv } from '../../daemon/asterisk/csv-follow.ts';
import { loadConfig } from '../../daemon/config.ts';
import { createLog } from '../../daemon/log.ts';
import { start } from '../../daemon/start.ts';
import { databaseFile, storeOptions } from '../../daemon/state.ts';
import type { StoreClient } from '../../storage/client.ts';
import { zone } from '../../storage/model/local-time.ts';
import { type Database, openDatabase } from '../../storage/sql/database.ts';
import type { Migration } from '../../storage/sql/migration/migration.ts';
import { migrations as released } from '../../storage/sql/migration/migrations.ts';
import { openStore, type Store } from '../../storage/store.ts';
import type { Write } from '../../storage/write.ts';
import { lookInto, rulesOf } from '../fault/audit.ts';
import { boxEnv, type Folders, folders } from '../fault/box.ts';
import { recordName } from '../fault/peer.ts';
import { WORKERS } from '../support/daemon.ts';
import { textOf } from '../support/page.ts';
import type { Tree } from './disk-image.ts';
import { ABSENT, broken, type Expectations } from './expectations.ts';

export interface Findings {
  readonly losses: readonly string[];
  readonly doubles: readonly string[];
  readonly faults: readonly string[];
}

/** What a crash left, and what was expected of it. */
export interface Left {
  readonly tree: Tree;
  readonly expectations: Expectations;
  readonly lines: ReadonlyMap<string, string>;
  /** The schema that the next start knows; absent: the released one. */
  readonly migrations?: readonly Migration[] | undefined;
}

const ZONE = zone('Etc/GMT+8');
/** Many times what a start takes with both cores busy. */
const START_MS = 20_000;
const LOOK_MS = 20;

/** Puts the files there that a tree tells of, in an empty folder. */
export function lay(tree: Tree, root: string): Folders {
  rmSync(root, { recursive: true, force: true });
  const place = folders(root);
  mkdirSync(place.state, { recursive: true });
  for (const [path, content] of tree) {
    const absolute = join(root, path);
    if (content === null) mkdirSync(absolute, { recursive: true });
    else {
      mkdirSync(dirname(absolute), { recursive: true });
      writeFileSync(absolute, content);
    }
  }
  return place;
}

/** Looks through the store, in this thread. @param root A folder of its own, which is made anew. */
export async function look(left: Left, root: string): Promise<Findings> {
  const place = lay(left.tree, root);
  rmSync(`${databaseFile(place.state)}.lock`, { recursive: true, force: true }); // as takeState does
  try {
    const values = await valuesIn(place);
    const losses = broken(left.expectations, (subject) => (isOfCall(subject) ? null : (values.get(subject) ?? ABSENT)));
    await goOn(left, place);
    const after = afterwards(left, place);
    return { ...after, losses: [...losses, ...after.losses] };
  } catch (error) {
    return { losses: [], doubles: [], faults: [`it does not open: ${(error as Error).stack}`] };
  }
}

/** A call is told by what its records and its deletion come to, when both have been gone on with. */
function isOfCall(subject: string): boolean {
  return subject.startsWith('call ');
}

/** What is there before anything is gone on with. */
async function valuesIn(place: Folders): Promise<Map<string, string>> {
  const values = new Map<string, string>();
  const passwords = linesOf(join(place.state, 'secret', 'initial-passwords'));
  const database = openDatabase(databaseFile(place.state));
  try {
    // A new store gets its tables migration by migration.
    const tables = new Set(database.all('SELECT name FROM sqlite_master').map(({ name }) => name));
    const rows = (columns: string, table: string) =>
      tables.has(table)
        ? database.all(`SELECT ${columns} FROM ${table}`).map((row) => Object.values(row).map(String))
        : [];
    for (const [name = '', value = ''] of rows('name, value', 'setting')) values.set(`setting ${name}`, value);
    for (const [number = '', name = ''] of rows('number, name', 'contact')) values.set(`contact ${number}`, name);
    for (const [id = '', sequence = ''] of rows('uniqueid, sequence', 'leg'))
      values.set(`record ${recordName(id, Number(sequence))}`, 'stored');
    for (const [name = '', role = ''] of rows('name, role', 'user')) {
      values.set(`account ${name}`, role);
      const initial = passwords.some((line) => line.startsWith(`${name} `));
      values.set(`login ${name}`, initial ? 'initial' : 'own');
    }
    values.set('migration', migrationOf(database, place));
    values.set('store before', storeBefore(place));
  } finally {
    database.close();
  }
  for (const { name, read } of (await openAmiUsers(place.state)).list()) values.set(`ami-user ${name}`, read.join());
  values.set('certificate', certificateIn(place));
  values.set('backup', backupOn(place));
  for (const [path, where] of recordingsOn(place)) values.set(`recording ${path}`, where);
  return values;
}

/** A key alone is completed by the next start; anything else but a pair would keep HTTPS from what it was. */
function certificateIn(place: Folders): string {
  const [key, cert] = ['tls.key', 'tls.crt'].map((name) => linesOf(join(place.state, 'secret', name)).join('\n'));
  if (!cert) return ABSENT;
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key ?? '')) ? 'whole' : 'odd';
  } catch {
    return 'broken';
  }
}

/** A schema beyond the released one came there by a migration, which leaves a copy of what was. */
function migrationOf(database: Database, { state }: Folders): string {
  if (Number(database.first('PRAGMA user_version')?.['user_version']) <= released.length) return 'not done';
  const folder = join(state, 'backup');
  const copies = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.db')) : [];
  return copies.length > 0 && copies.every((name) => isSound(join(folder, name))) ? 'done' : 'done, without a copy';
}

/** What a restore has taken the place of; opening the store has carried out what was decided. */
function storeBefore({ state }: Folders): string {
  const names = readdirSync(state);
  const isReplaced = names.includes('cdrd.db.replaced');
  return !isReplaced || names.some((name) => name.startsWith('cdrd.db.before-restore-')) ? 'kept' : 'lost';
}

/** Of those on the medium: one that has its name is whole, and its checksum says so. */
function backupOn({ recordings }: Folders): string {
  const folder = join(recordings, '.cdrd', 'backup');
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.db')) : [];
  if (names.length === 0) return ABSENT;
  const whole = (name: string) => {
    const sum = createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex');
    return linesOf(join(folder, `${name}.sha256`))[0] === `${sum}  ${name}`;
  };
  return names.every(whole) ? 'whole' : 'broken';
}

function isSound(file: string): boolean {
  const database = openDatabase(file);
  try {
    return database.first('PRAGMA integrity_check')?.['integrity_check'] === 'ok';
  } finally {
    database.close();
  }
}

function linesOf(path: string): string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
}

/**
 * Looks through the whole daemon: it starts by itself, goes on with everything, and its index comes to agree with the files
 * on the medium. It says nothing of what was there before. @param root Likewise.
 */
export async function lookByStart(left: Left, root: string): Promise<Findings> {
  const place = lay(left.tree, root);
  const csv = join(root, 'Master.csv');
  writeFileSync(csv, csvOf(left));
  const errors: string[] = [];
  const log = createLog({ level: 'error', write: (line) => errors.push(line), terminal: false });
  try {
    const config = loadConfig(null, { ...boxEnv(place, 0), CDRD_ASTERISK_CDR_CSV: csv });
    const daemon = await start({
      config,
      log,
      workers: WORKERS,
      version: 'test',
      onFatal: (error) => log.error('fatal', { error }),
    });
    try {
      const trouble = await settled(() => unfinished(daemon.store, place, left));
      if (trouble) errors.push(`it does not come to rest: ${trouble}`);
    } finally {
      await daemon.close();
    }
    const { losses, doubles, faults } = afterwards(left, place);
    const files = recordingsOn(place);
    const moved = broken(left.expectations, (subject) =>
      subject.startsWith('recording ') ? (files.get(subject.slice('recording '.length)) ?? ABSENT) : null,
    );
    return { losses: [...losses, ...moved], doubles, faults: [...faults, ...errors] };
  } catch (error) {
    return { losses: [], doubles: [], faults: [`it does not start: ${(error as Error).stack}`, ...errors] };
  }
}

/** Waits until nothing is left to do. @returns what is, after all that time. */
async function settled(left: () => Promise<string>): Promise<string> {
  const end = performance.now() + START_MS;
  for (;;) {
    const trouble = await left();
    if (trouble === '' || performance.now() > end) return trouble;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** @returns what is left to do; '' = nothing. */
async function unfinished(store: StoreClient, place: Folders, left: Left): Promise<string> {
  const [deletion] = await store.ask('unfinishedDeletions');
  if (deletion) return `deletion ${deletion.id} is ${deletion.state}`;
  const legs = [...csvOf(left).split('\n')].filter(Boolean).map((line) => legOfCsvLine(line, ZONE));
  const missing = await store.ask('missingRecords', legs);
  if (missing.length > 0) return `${missing.length} records are missing`;
  const placed = [...recordingsOn(place)].flatMap(([path, where]) => (where === 'placed' ? [path] : [])).sort();
  const rows: { path: string }[] = [];
  for await (const page of store.pages('recording', { filter: { wall: {} }, fields: [['path', 'path']], order: 'asc' }))
    if (page.rows > 0) rows.push(...(JSON.parse(`[${textOf(page)}]`) as { path: string }[]));
  const listed = rows.map(({ path }) => path).sort();
  return `${listed}` === `${placed}` ? '' : `listed are ${listed}, there are ${placed}`;
}

/** Recordings by path, and whether they are `placed`, in the `trash`, or in both. */
function recordingsOn({ recordings }: Folders): Map<string, string> {
  const files = new Map<string, string>();
  for (const name of readdirSync(recordings, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.wav')) continue;
    const trash = /^\.trash\/[^/]+\/(.*)$/.exec(name)?.[1];
    const path = trash ?? name;
    const where = trash === undefined ? 'placed' : 'trash';
    files.set(path, files.has(path) ? 'both' : where);
  }
  return files;
}

/** What the next start does by itself: deletions are gone on with, the CSV is read, calls that are over are closed. */
async function goOn(left: Left, place: Folders): Promise<void> {
  const options = storeOptions(loadConfig(null, boxEnv(place, 0)));
  const store = openStore({ ...options, ...(left.migrations && { migrations: left.migrations }) });
  const { operations } = store;
  try {
    for (const { id, kind } of operations.unfinishedDeletions())
      while (kind === 'call' && isUnderWay(operations.step({ kind: 'deletion', id }).stepped?.deletion.state));
    const csv = join(place.root, 'Master.csv');
    writeFileSync(csv, csvOf(left));
    const follower = followCsv({
      path: csv,
      zone: ZONE,
      log: createLog({ level: 'error', write: () => {}, terminal: false }),
      index: {
        positions: async () => new Map(operations.csvPositions().map(({ signature, ...at }) => [signature, at])),
        write: async (batch) => write(store, { kind: 'csv', batch }),
      },
    });
    await follower.catchUp();
    await follower.close();
    if (follower.figures.trouble) throw new Error(`the CSV is not read: ${follower.figures.trouble}`);
    for (const group of operations.openGroups()) write(store, { kind: 'close', group });
  } finally {
    store.close();
  }
}

const isUnderWay = (state: string | undefined) => state?.endsWith('ing') ?? false;

function write({ operations }: Store, item: Write): void {
  for (const outcome of operations.write([item])) if ('failed' in outcome) throw new Error(outcome.failed.message);
}

/** Asterisk's lines of all calls that had ended by then. */
function csvOf({ lines, expectations }: Left): string {
  return [...lines].flatMap(([subject, line]) => (expectations.has(subject) ? [line] : [])).join('');
}

/** What is there when everything has been gone on with. */
function afterwards({ expectations, lines }: Left, place: Folders): Findings {
  const database = openDatabase(databaseFile(place.state));
  try {
    const sent = [...lines.keys()].map((subject) => subject.slice('record '.length));
    // Erased ones must not come back; of all the others Asterisk's CSV has told.
    const mayBeGone = (subject: string) => {
      const { told = ABSENT, asked = [] } = expectations.get(subject) ?? {};
      return asked.includes(ABSENT) || (told === ABSENT && !asked.includes('stored'));
    };
    const acknowledged = new Set(
      [...lines.keys()].filter((subject) => !mayBeGone(subject)).map((subject) => subject.slice('record '.length)),
    );
    const { losses, doubles, faults } = lookInto(database, rulesOf(place), { sent, acknowledged }, []);
    const calls = new Map(
      database
        .all('SELECT uniqueid, trash FROM call')
        .map((row) => [`call ${String(row['uniqueid'])}`, row['trash'] === null ? 'shown' : 'trash']),
    );
    const changed = broken(expectations, (subject) => (isOfCall(subject) ? (calls.get(subject) ?? ABSENT) : null));
    return { losses: [...losses, ...changed], doubles, faults };
  } finally {
    database.close();
  }
}
