/**
 * A store with a year of calls, made once and kept outside the checkout: records drawn by history.ts, folded by the very
 * rules of the store, written in bulk (through the store's own way in, a record at a time, a million calls take ten
 * minutes and more), and checked by the store's own verify. Beside it the same tables in a file for the native sqlite3.
 *
 * Run: `npx tsx test/bench/generate.ts [CALLS RECORDINGS FILES SEED]`; FILES of the recordings lie on disk as WAV.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadConfig } from '../../daemon/config.ts';
import { storeOptions } from '../../daemon/state.ts';
import type { FoldRules } from '../../storage/model/fold.ts';
import { numberPlan } from '../../storage/model/number-plan.ts';
import { trunkRules } from '../../storage/model/trunk.ts';
import { type Database, openDatabase } from '../../storage/sql/database.ts';
import { migrate } from '../../storage/sql/migrate.ts';
import { migrations } from '../../storage/sql/migration/migrations.ts';
import { verifyStep, type Walk } from '../../storage/sql/records.ts';
import { fill } from './fill.ts';
import type { Sizes } from './history.ts';
import { nativeSql, repeatYears, SEARCH_INDEX } from './native-sql.ts';
import { recordingFolder } from './recording-folder.ts';
import { needRoom, ownFolder } from './run-folder.ts';

/** To be raised with every change of what is drawn or written; and of how years are repeated. */
const VERSION = { calls: 2, years: 2 };
/** Those of one year, drawn and folded each. More are the same year again and again: see native-sql.ts. */
const BASE_CALLS = 1_000_000;
/** Bytes on disk a call, with its records and indexes; and once more for the native sqlite3. */
const CALL_BYTES = { state: 800, native: 800 };
/** Bytes on disk a recording, and one with sound. */
const FILE_BYTES = { silent: 4_096, sounding: 520_000 };

export interface BenchSizes extends Sizes {
  /** Recordings with sound, the newest. */
  readonly files: number;
}

export interface BenchStore {
  /** State folder of a daemon; to be copied, not used. */
  readonly state: string;
  /** The same tables for the native sqlite3. */
  readonly native: string;
  /** Folder with the WAV files, one for each recording. */
  readonly recordings: string;
  /** A list of the paths of those with sound, a line each. */
  readonly sounding: string;
}

/** What a daemon on the store must be told: the rules that its calls were folded by. */
export function benchEnv(recordings: string): Record<string, string> {
  return { CDRD_RECORDINGS_DIR: recordings, CDRD_RECORDINGS_REQUIRE_MOUNT: 'no', CDRD_TIME_ZONE: 'Etc/GMT+8' };
}

/** Makes it, unless it is there. */
export function benchStore(sizes: BenchSizes, seed = 1): BenchStore {
  const cache = process.env['CDRD_CACHE'] || join(homedir(), '.cache', 'cdrd');
  const schema = createHash('sha256').update(schemaText()).digest('hex').slice(0, 8);
  const version = sizes.calls > BASE_CALLS ? `${VERSION.calls}.${VERSION.years}` : VERSION.calls;
  const name = `bench-v${version}-seed${seed}-${sizes.calls}-${sizes.recordings}-${sizes.files}-schema${schema}`;
  const folder = join(cache, name);
  if (!existsSync(folder)) {
    console.log(`making ${folder}: once, some minutes`);
    if (sizes.calls > BASE_CALLS) baseOf(sizes, seed);
    const partial = ownFolder(cache, 'partial');
    needRoom(cache, roomOf(sizes), `a store of ${sizes.calls} calls`);
    make(partial, sizes, seed);
    if (!existsSync(folder)) renameSync(partial, folder); // another run may have made it meanwhile
  }
  const made = at(folder);
  if (sizes.calls <= BASE_CALLS) return made;
  // A store of this size doesn't lie there twice: nobody opens the cached one for writing.
  return { ...baseOf(sizes, seed), state: made.state, native: `file:${join(made.state, 'cdrd.db')}?immutable=1` };
}

/** More calls are those of one year again and again; recordings are of the newest alone. */
const baseOf = (sizes: BenchSizes, seed: number) => benchStore({ ...sizes, calls: BASE_CALLS }, seed);

const schemaText = () =>
  JSON.stringify(migrations, (_, value: unknown) => (typeof value === 'function' ? String(value) : value));

function roomOf({ calls, recordings, files }: BenchSizes): number {
  const each = calls > BASE_CALLS ? CALL_BYTES.state : CALL_BYTES.state + CALL_BYTES.native;
  return calls * each + (calls > BASE_CALLS ? 0 : recordings * FILE_BYTES.silent + files * FILE_BYTES.sounding);
}

function at(folder: string): BenchStore {
  const [state = '', native = '', recordings = '', sounding = ''] = [
    'state',
    'native.db',
    'recordings',
    'sounding',
  ].map((name) => join(folder, name));
  return { state, native, recordings, sounding };
}

function make(folder: string, sizes: BenchSizes, seed: number): void {
  const { state, native, recordings, sounding } = at(folder);
  mkdirSync(state, { recursive: true });
  mkdirSync(recordings);
  const env = { ...benchEnv(recordings), CDRD_STATE_DIR: state, CDRD_ASTERISK_HOST: '' };
  const { file, rules: told } = storeOptions(loadConfig(null, env));
  const plan = numberPlan(told.numbering);
  const rules: FoldRules = {
    plan,
    trunks: trunkRules({ ...told.trunks, plan }),
    recordingsDir: told.recordingsDir,
  };
  let indexes: readonly string[] = [];
  let years: readonly string[] = [];
  let triggers: readonly string[] = [];
  on(file, (database) => {
    migrate(database, file, migrations);
    database.run('PRAGMA synchronous=OFF'); // whoever is interrupted begins anew
    database.run('PRAGMA cache_size=-200000');
    indexes = drop(database, 'index');
    if (sizes.calls > BASE_CALLS) {
      years = yearsOf(database, sizes, seed);
      triggers = drop(database, 'trigger'); // what they keep up is repeated with the years
    } else {
      const folder = recordingFolder(recordings, sounding);
      step('records and calls', () => fill(database, sizes, seed, rules, folder));
    }
  });
  if (years.length > 0) step('years', () => nativeSql(file, years));
  step('indexes', () => nativeSql(file, [...indexes, ...triggers, ...SEARCH_INDEX]));
  on(file, (database) => step('verified', () => verifySample(database, rules)));
  // What is checkpointed is read by any program; the fence stands beside it as in a real state folder.
  if (sizes.calls <= BASE_CALLS)
    step('copy for sqlite3', () => execFileSync('sqlite3', [`file:${file}?immutable=1`, `VACUUM INTO '${native}'`]));
}

function on(file: string, work: (database: Database) => void): void {
  const database = openDatabase(file);
  try {
    work(database);
  } finally {
    database.close();
  }
}

/** Made again when all is there: kept up row by row they take longer than the rows. @returns what makes them. */
function drop(database: Database, kind: 'index' | 'trigger'): string[] {
  const found = database.all('SELECT name, sql FROM sqlite_master WHERE type = ? AND sql IS NOT NULL', [kind]);
  for (const { name } of found) database.run(`DROP ${kind} ${String(name)}`);
  return found.map(({ sql }) => String(sql));
}

function yearsOf(database: Database, sizes: BenchSizes, seed: number): string[] {
  const { calls } = sizes;
  if (calls % BASE_CALLS !== 0) throw new Error(`more than ${BASE_CALLS} calls come in millions`);
  // table_info leaves generated columns out.
  const columns = (table: string) => database.all(`PRAGMA table_info(${table})`).map(({ name }) => String(name));
  return repeatYears(join(baseOf(sizes, seed).state, 'cdrd.db'), calls / BASE_CALLS, BASE_CALLS, columns);
}

function step(name: string, work: () => void): void {
  const begun = performance.now();
  work();
  console.log(`  ${name}: ${((performance.now() - begun) / 1000).toFixed(1)} s`);
}

/** Calls of every 20th stretch of the year must be what their records fold to. @throws when one is not. */
function verifySample(database: Database, rules: FoldRules): void {
  const [first, last] = ['min', 'max'].map((end) =>
    Number(database.first(`SELECT ${end}(start_at) AS at FROM call`)?.['at']),
  );
  const stretch = ((last ?? 0) - (first ?? 0)) / 100;
  let groups = 0;
  for (let part = 0; part < 100; part++) {
    let walk: Walk = { at: Math.floor((first ?? 0) + part * stretch), id: 0 };
    for (let steps = 0; walk && steps < 5; steps++) {
      const verified = verifyStep(database, walk, rules);
      if (verified.wrong.length > 0) throw new Error(`not what their records fold to: ${verified.wrong.slice(0, 5)}`);
      groups += verified.groups;
      walk = verified.next;
    }
  }
  console.log(`  ${groups} calls are what their records fold to`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [calls = 1_000_000, recordings = 100_000, files = 1_000, seed = 1] = process.argv.slice(2).map(Number);
  console.log(benchStore({ calls, recordings, files }, seed));
}
