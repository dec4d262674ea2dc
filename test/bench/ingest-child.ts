/**
 * One side of the ingest rows, in a process of its own (forked by ingest.ts): it says `ready`, plays the phase that it is
 * told, and says what that came to.
 *
 * - `ours`: the store's worker as it ships, asked by the very client of the daemon.
 * - `trace`: the same writes in this thread, writing down each statement with its values.
 * - `peer`: better-sqlite3 carries those statements out, in the same transactions.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { deserialize, serialize } from 'node:v8';
import { loadConfig } from '../../daemon/config.ts';
import { storeOptions } from '../../daemon/state.ts';
import { openStoreWorker } from '../../storage/client.ts';
import type { Leg } from '../../storage/model/leg.ts';
import { createApplier } from '../../storage/sql/apply.ts';
import { type Bind, type Database, openDatabase } from '../../storage/sql/database.ts';
import { lastNumbers } from '../../storage/sql/sequence.ts';
import type { Write } from '../../storage/write.ts';
import { benchEnv } from './generate.ts';
import { GROUP, type Phase, type Played, plan } from './ingest-work.ts';

export interface Job {
  readonly side: 'ours' | 'trace' | 'peer';
  /** State folder with a copy of the store. */
  readonly state: string;
  readonly phases: readonly Phase[];
  /** Where the statements of phase N are, or go: `TRACE.N`. */
  readonly trace: string;
  /** Of ours: another build's worker, so that two can be compared. */
  readonly worker?: string;
  /** Of the peer: where better-sqlite3 is; whether it reads as well what we read. */
  readonly library?: string;
  readonly reads?: boolean;
}

/** A statement by its place in the list of texts, and what is bound. */
type Step = readonly [sql: number, binds: readonly Bind[]];
interface Trace {
  readonly texts: readonly string[];
  /** The steps of each transaction between BEGIN and COMMIT. */
  readonly transactions: readonly (readonly Step[])[];
}

/** Seconds since 1970 that the trace writes; ours has the clock's, so these columns are left out of the comparison. */
const NOW = 1_700_000_000;
const COMPARED = [
  'SELECT * FROM call WHERE id > (SELECT max(id) FROM call) - 20000 ORDER BY id',
  'SELECT id, call_group, sources, start_at, uniqueid, extra FROM leg WHERE id > (SELECT max(id) FROM leg) - 20000 ORDER BY id',
  'SELECT id, kind, ref FROM outbox ORDER BY id',
  'SELECT side, text FROM number ORDER BY side, text',
];

const optionsOf = (state: string) =>
  storeOptions(loadConfig(null, { ...benchEnv(`${state}/recordings`), CDRD_STATE_DIR: state, CDRD_ASTERISK_HOST: '' }));

interface Side {
  play(phase: number): Promise<Played> | Played;
  /** Ends it. @returns a checksum of what was written. */
  end(): Promise<string> | string;
}

function checksum(all: (sql: string) => unknown[]): string {
  const hash = createHash('sha256');
  for (const sql of COMPARED) hash.update(JSON.stringify(all(sql)));
  return hash.digest('hex').slice(0, 16);
}

const legWrite = (leg: Leg): Write => ({ kind: 'leg', leg, source: 'ami' });
const endOf = ([leg]: readonly Leg[]): Write => ({ kind: 'close', group: leg?.linkedId ?? '' });

/** The transactions of a phase, as the lane makes them. */
function transactionsOf({ kind }: Phase, calls: readonly (readonly Leg[])[]): Write[][] {
  if (kind === 'single') return calls.flatMap((legs) => [...legs.map((leg) => [legWrite(leg)]), [endOf(legs)]]);
  const groups: Write[][] = [];
  // The first goes alone, what comes meanwhile together.
  for (const writes of [calls.flat().map(legWrite), calls.map(endOf)])
    for (let at = 0; at < writes.length; at += groups.length === 1 ? 1 : GROUP)
      groups.push(writes.slice(at, at + GROUP));
  return groups;
}

async function ours({ state, phases, worker = '../.build/store-worker.mjs' }: Job): Promise<Side> {
  const options = optionsOf(state);
  const store = await openStoreWorker(options, new URL(worker, import.meta.url), (error) => {
    throw error;
  });
  const calls = plan(phases);
  return {
    async play(phase) {
      const own = calls[phase] ?? [];
      const records = own.flat().length;
      const each: number[] = [];
      const begun = performance.now();
      if (phases[phase]?.kind === 'single')
        for (const legs of own) {
          for (const leg of legs) {
            const given = performance.now();
            await store.write(legWrite(leg));
            each.push(performance.now() - given);
          }
          await store.write(endOf(legs));
        }
      else {
        await Promise.all(own.flat().map((leg) => store.write(legWrite(leg))));
        await Promise.all(own.map((legs) => store.write(endOf(legs))));
      }
      return { records, ms: performance.now() - begun, each: each.sort((a, b) => a - b) };
    },
    async end() {
      await store.close();
      const database = openDatabase(options.file);
      const sum = checksum((sql) => database.all(sql));
      database.close();
      return sum;
    },
  };
}

function trace({ state, phases, trace: path }: Job): Side {
  const options = optionsOf(state);
  const database = openDatabase(options.file);
  const texts = new Map<string, number>();
  let steps: Step[] = [];
  const noting = (sql: string, binds: readonly Bind[] = []) => {
    if (!texts.has(sql)) texts.set(sql, texts.size);
    steps.push([texts.get(sql) ?? 0, binds]);
  };
  const noted: Database = Object.assign(Object.create(database) as Database, {
    all(sql: string, binds?: readonly Bind[]) {
      noting(sql, binds);
      return database.all(sql, binds);
    },
    first(sql: string, binds?: readonly Bind[]) {
      noting(sql, binds);
      return database.first(sql, binds);
    },
    run(sql: string, binds?: readonly Bind[]) {
      noting(sql, binds);
      return database.run(sql, binds);
    },
    attempt<T>(work: () => T) {
      noting('SAVEPOINT attempt');
      const outcome = database.attempt(work);
      noting('RELEASE attempt');
      return outcome;
    },
  });
  const applier = createApplier(noted, options.rules, () => NOW);
  const calls = plan(phases);
  phases.forEach((phase, index) => {
    const transactions = transactionsOf(phase, calls[index] ?? []).map((writes) => {
      steps = [];
      database.transaction(() => {
        for (const write of writes) applier.apply(write);
        lastNumbers(noted);
      });
      return steps;
    });
    writeFileSync(`${path}.${index}`, serialize({ texts: [...texts.keys()], transactions } satisfies Trace));
  });
  return {
    play: () => ({ records: 0, ms: 0, each: [] }),
    end() {
      const sum = checksum((sql) => database.all(sql));
      database.close();
      return sum;
    },
  };
}

interface NativeStatement {
  all(...binds: unknown[]): unknown[];
  run(...binds: unknown[]): unknown;
  readonly reader: boolean;
}
interface NativeDatabase {
  prepare(sql: string): NativeStatement;
  pragma(text: string, options?: { simple: boolean }): unknown;
  close(): void;
}

/** Its own defaults but for what makes it as durable as ours, and a log as long as ours. */
function peer({ state, phases, trace: path, library = '', reads = false }: Job): Side {
  const Native = createRequire(import.meta.url)(library) as new (file: string) => NativeDatabase;
  const database = new Native(optionsOf(state).file);
  database.pragma('locking_mode = EXCLUSIVE');
  if (database.pragma('journal_mode = WAL', { simple: true }) !== 'wal') throw new Error('the peer has no WAL');
  database.pragma('synchronous = FULL');
  database.pragma('wal_autocheckpoint = 4000');
  database.pragma('journal_size_limit = 16777216');
  database.pragma('foreign_keys = ON');
  const [begin, commit] = ['BEGIN IMMEDIATE', 'COMMIT'].map((sql) => database.prepare(sql));
  const load = (phase: number) => deserialize(readFileSync(`${path}.${phase}`)) as Trace;
  let next = load(0);
  return {
    play(phase) {
      const { texts, transactions } = next;
      const statements = texts.map((sql) => database.prepare(sql));
      const records = plan(phases)[phase]?.flat().length ?? 0;
      const work = transactions.map((steps) =>
        steps.flatMap(([index, binds]) => {
          const statement = statements[index];
          if (!statement || (!reads && !/^(INSERT|UPDATE|DELETE)/.test(texts[index] ?? ''))) return [];
          return [{ statement, binds, reader: statement.reader }];
        }),
      );
      const each: number[] = [];
      const begun = performance.now();
      for (const steps of work) {
        const given = performance.now();
        begin?.run();
        for (const { statement, binds, reader } of steps) {
          if (reader) statement.all(...binds);
          else statement.run(...binds);
        }
        commit?.run();
        each.push(performance.now() - given);
      }
      const ms = performance.now() - begun;
      if (phase + 1 < phases.length) next = load(phase + 1);
      return { records, ms, each: each.sort((a, b) => a - b) };
    },
    end() {
      const sum = checksum((sql) => database.prepare(sql).all());
      database.close();
      return sum;
    },
  };
}

if (process.send && process.argv[1] === fileURLToPath(import.meta.url)) {
  const job = JSON.parse(process.argv[2] ?? '{}') as Job;
  const side = await { ours, trace, peer }[job.side](job);
  process.on('message', async (message: number | 'end') => {
    const answer = message === 'end' ? await side.end() : await side.play(message);
    process.send?.(answer, () => message === 'end' && process.exit(0));
  });
  process.send('ready');
}
