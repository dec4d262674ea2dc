/**
 * A store with a year of calls, made once and kept outside the checkout: records drawn by history.ts, folded by the very
 * rules of the store, written in bulk (through the store's own way in, a record at a time, a million calls take ten
 * minutes and more), and checked by the store's own verify. Beside it the same tables in a file for the native sqlite3.
 *
 * Run: `npx tsx test/bench/generate.ts [CALLS RECORDINGS FILES SEED]`; FILES of the recordings lie on disk as WAV.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadConfig } from '../../daemon/config.ts';
import { storeOptions } from '../../daemon/state.ts';
import { type FoldRules, foldLegs } from '../../storage/model/fold.ts';
import type { StoredLeg } from '../../storage/model/identity.ts';
import type { Leg } from '../../storage/model/leg.ts';
import { numberPlan } from '../../storage/model/number-plan.ts';
import { parseRecordingName } from '../../storage/model/recording-name.ts';
import { trunkRules } from '../../storage/model/trunk.ts';
import { type Bind, type Database, openDatabase } from '../../storage/sql/database.ts';
import { insertLeg } from '../../storage/sql/leg.ts';
import { migrate } from '../../storage/sql/migrate.ts';
import { migrations } from '../../storage/sql/migration/migrations.ts';
import { verifyStep, type Walk } from '../../storage/sql/records.ts';
import { wavHeader } from '../simulator/wav.ts';
import { type DrawnCall, drawHistory, type Sizes } from './history.ts';

/** To be raised with every change of what is drawn or written. */
const VERSION = 1;
/** Calls of one transaction. */
const BATCH = 5_000;
/** The store keeps 250,000 rows of its outbox; these last calls make about as many. */
const ANNOUNCED_CALLS = 100_000;
/** Bytes of sound in each file: ten seconds. */
const SOUND = 160_000;

export interface BenchSizes extends Sizes {
  /** Recordings that lie on disk, the newest. */
  readonly files: number;
}

export interface BenchStore {
  /** State folder of a daemon; to be copied, not used. */
  readonly state: string;
  /** The same tables for the native sqlite3. */
  readonly native: string;
  /** Folder with the WAV files. */
  readonly recordings: string;
}

/** What a daemon on the store must be told: the rules that its calls were folded by. */
export function benchEnv(recordings: string): Record<string, string> {
  return { CDRD_RECORDINGS_DIR: recordings, CDRD_RECORDINGS_REQUIRE_MOUNT: 'no', CDRD_TIME_ZONE: 'Etc/GMT+8' };
}

/** Makes it, unless it is there. */
export function benchStore(sizes: BenchSizes, seed = 1): BenchStore {
  const cache = process.env['CDRD_CACHE'] || join(homedir(), '.cache', 'cdrd');
  const schema = createHash('sha256').update(JSON.stringify(migrations)).digest('hex').slice(0, 8);
  const name = `bench-v${VERSION}-seed${seed}-${sizes.calls}-${sizes.recordings}-${sizes.files}-schema${schema}`;
  const folder = join(cache, name);
  if (!existsSync(folder)) {
    console.log(`making ${folder}: once, some minutes`);
    const partial = `${folder}.partial`;
    rmSync(partial, { recursive: true, force: true });
    make(partial, sizes, seed);
    renameSync(partial, folder);
  }
  return at(folder);
}

function at(folder: string): BenchStore {
  return { state: join(folder, 'state'), native: join(folder, 'native.db'), recordings: join(folder, 'recordings') };
}

function make(folder: string, sizes: BenchSizes, seed: number): void {
  const { state, native, recordings } = at(folder);
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
  const database = openDatabase(file);
  try {
    migrate(database, file, migrations);
    database.run('PRAGMA synchronous=OFF'); // whoever is interrupted begins anew
    database.run('PRAGMA cache_size=-200000');
    step('records and calls', () => fill(database, sizes, seed, rules, recordings));
    step('verified', () => verifySample(database, rules));
  } finally {
    database.close();
  }
  // What is checkpointed is read by any program; the fence stands beside it as in a real state folder.
  step('copy for sqlite3', () => execFileSync('sqlite3', [`file:${file}?immutable=1`, `VACUUM INTO '${native}'`]));
}

function step(name: string, work: () => void): void {
  const begun = performance.now();
  work();
  console.log(`  ${name}: ${((performance.now() - begun) / 1000).toFixed(1)} s`);
}

/** Indexes are made when all is there: kept up row by row they take longer than the rows. */
function fill(database: Database, sizes: BenchSizes, seed: number, rules: FoldRules, recordings: string): void {
  const indexes = database.all("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL");
  for (const { name } of indexes) database.run(`DROP INDEX ${String(name)}`);
  const writer = createWriter(database, sizes, rules, recordings);
  let batch: DrawnCall[] = [];
  const flush = () => {
    database.transaction(() => {
      for (const call of batch) writer.put(call);
    });
    batch = [];
  };
  for (const call of drawHistory(seed, sizes)) if (batch.push(call) === BATCH) flush();
  flush();
  for (const { sql } of indexes) database.run(String(sql));
  database.run("INSERT INTO call_number (call_number) VALUES ('rebuild')");
}

function createWriter(database: Database, sizes: BenchSizes, rules: FoldRules, recordings: string) {
  const figures = { calls: 0, files: 0, sequence: 0 };

  /** The row of one announcement is written where the store would still have it. */
  function announce(kind: string, ref: number, epoch: number): number {
    figures.sequence++;
    if (figures.calls > sizes.calls - ANNOUNCED_CALLS)
      database.run('INSERT INTO outbox (id, kind, ref, at) VALUES (?, ?, ?, ?)', [figures.sequence, kind, ref, epoch]);
    return figures.sequence;
  }

  return {
    put({ legs, recording }: DrawnCall): void {
      figures.calls++;
      const group = legs[0]?.linkedId ?? '';
      const stored = legs.map((leg: Leg): StoredLeg => {
        const id = insertLeg(database, group, 2, leg);
        announce('cdr', id, leg.end.epoch);
        return { ...leg, id, group, sources: 2 };
      });
      for (const { anchor, row } of foldLegs(stored, rules, [])) {
        const end = row.end.epoch;
        const call: Record<string, Bind> = {
          call_group: group,
          anchor,
          open: 0,
          start_at: row.start.epoch,
          start_offset: row.start.offset,
          answer_at: row.answer,
          end_at: end,
          end_offset: row.end.offset,
          src: row.src,
          dst: row.dst,
          src_trunk: row.srcTrunk,
          dst_trunk: row.dstTrunk,
          port: row.port,
          duration: row.duration,
          billsec: row.billsec,
          disposition: row.disposition,
          calltype: row.callType,
          accountcode: row.accountCode,
          cidname: row.cidName,
          ivr: row.ivr,
          uniqueid: row.uniqueId,
          recording: row.recording,
        };
        const id = insert(database, 'call', call);
        database.run('UPDATE call SET changed = ? WHERE id = ?', [announce('call', id, end), id]);
        if (recording && row.recording === recording.path) {
          const { path, seconds } = recording;
          const newest = figures.files++ >= sizes.recordings - sizes.files;
          if (newest) writeWav(join(recordings, path), figures.files);
          const known = recordingRow(
            path,
            newest ? SOUND / 16_000 : seconds,
            end,
            newest ? 44 + SOUND : 44 + seconds * 16_000,
          );
          announce('recording', insert(database, 'recording', { ...known, call_id: id, match: 'named' }), end);
        }
      }
    },
  };
}

function insert(database: Database, table: string, row: Readonly<Record<string, Bind>>): number {
  const names = Object.keys(row);
  const sql = `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`;
  return database.run(sql, Object.values(row)).id;
}

function recordingRow(path: string, seconds: number, written: number, size: number): Record<string, Bind> {
  const name = parseRecordingName(path, ['96', '42']);
  return {
    medium: 1, // the one that every store begins with
    path,
    folder: dirname(path),
    size,
    mtime_ms: written * 1000,
    seconds,
    state: 'ok',
    wall_at: name.wall,
    answer_at: name.epoch,
    calltype: name.callType,
    trunk: name.trunk ?? '',
    src: name.src,
    dst: name.dst,
    found_at: written,
  };
}

/** A header and sound that no two files share: whoever mixes files up is found out. */
function writeWav(path: string, number: number): void {
  mkdirSync(dirname(path), { recursive: true });
  const sound = Buffer.alloc(SOUND);
  for (let at = 0; at < SOUND; at += 4) sound.writeInt32LE(Math.imul(at + number, 0x9e3779b1) | 0, at);
  writeFileSync(path, Buffer.concat([wavHeader(SOUND), sound]));
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
