/**
 * How fast records go in: one by one, each waited for, and ten thousand at once, beside better-sqlite3 with the same
 * guarantees: WAL, EXCLUSIVE, synchronous=FULL, the same rows in the same schema with all its indexes, in the same
 * transactions. Both write into a copy of one store, and must have written the same in the end.
 */
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import setup from '../setup.ts';
import { quantile, type Spread, spreadOf } from './arithmetic.ts';
import { betterSqlite3 } from './better-sqlite3.ts';
import { type BenchSizes, benchStore } from './generate.ts';
import type { Job } from './ingest-child.ts';
import type { Phase, Played } from './ingest-work.ts';
import { notThere, type Row } from './row.ts';
import { runFolder } from './run-folder.ts';
import { SIZES } from './stage.ts';

const ROUNDS = 3;
const SINGLE = 1_500;
const BURST = 10_000;
const PLAN: readonly Phase[] = Array.from({ length: ROUNDS }, (): Phase[] => [
  { kind: 'single', records: SINGLE },
  { kind: 'burst', records: BURST },
]).flat();

interface Child {
  readonly process: ChildProcess;
  ask<T>(message: number | 'end'): Promise<T>;
}

/** As the daemon is run; the peer as anybody would run a program of his own. */
const FLAGS = ['--liftoff-only', '--max-semi-space-size=1'];

async function start(job: Job): Promise<Child> {
  const process = fork(fileURLToPath(new URL('./ingest-child.ts', import.meta.url)), [JSON.stringify(job)], {
    execArgv: [...(job.side === 'peer' ? [] : FLAGS), '--import', 'tsx'],
  });
  const hear = async <T>() => {
    const ended = once(process, 'exit').then(([code]) => {
      throw new Error(`${job.side} ended with ${code}`);
    });
    return (await Promise.race([once(process, 'message'), ended]))[0] as T;
  };
  await hear();
  return {
    process,
    ask(message) {
      process.send(message);
      return hear();
    },
  };
}

const SIDES = ['ours', 'statements', 'writes'] as const;
type Name = (typeof SIDES)[number];

/** @param library Of better-sqlite3; null: ours alone. */
async function play(
  phases: readonly Phase[],
  sizes: BenchSizes,
  library: string | null,
): Promise<Record<Name, Played[]>> {
  const store = benchStore(sizes);
  const root = runFolder(store);
  const job = (side: Job['side'], name: string, more: Partial<Job> = {}): Job => {
    execFileSync('cp', ['-r', '--reflink=auto', store.state, join(root, name)]);
    return { side, state: join(root, name), phases, trace: join(root, 'trace'), ...more };
  };
  const children: Child[] = [];
  const begin = async (each: Job) => {
    const child = await start(each);
    children.push(child);
    return child;
  };
  const played: Record<Name, Played[]> = { ours: [], statements: [], writes: [] };
  try {
    const sums = new Map<string, string>();
    const sides: [Name, Child][] = [['ours', await begin(job('ours', 'ours'))]];
    if (library !== null) {
      const writing = await begin(job('trace', 'trace-state'));
      sums.set('trace', await writing.ask('end'));
      rmSync(join(root, 'trace-state'), { recursive: true });
      sides.push(['statements', await begin(job('peer', 'statements', { library, reads: true }))]);
      sides.push(['writes', await begin(job('peer', 'writes', { library }))]);
    }
    for (const phase of phases.keys())
      for (const [name, child] of sides) played[name].push(await child.ask<Played>(phase));
    for (const [name, child] of sides) sums.set(name, await child.ask('end'));
    if (new Set(sums.values()).size > 1) throw new Error(`they wrote different rows: ${JSON.stringify([...sums])}`);
    return played;
  } finally {
    for (const child of children) child.process.kill('SIGKILL');
    rmSync(root, { recursive: true, force: true });
  }
}

/** Records a second of each phase of a kind. */
function rates(played: readonly Played[], phases: readonly Phase[], kind: Phase['kind']): Spread {
  return spreadOf(
    played.filter((_, index) => phases[index]?.kind === kind).map(({ records, ms }) => (records * 1000) / ms),
  );
}

/** Milliseconds from a record's being given to its being durable, and records a second: one by one, in a store of this size. */
export async function ingestOneByOne(
  sizes: BenchSizes,
  rounds = ROUNDS,
  records = SINGLE,
): Promise<{ readonly p50: number; readonly p99: number; readonly rate: Spread }> {
  const phases = Array.from({ length: rounds }, (): Phase => ({ kind: 'single', records }));
  const { ours } = await play(phases, sizes, null);
  const each = ours.flatMap((one) => one.each).sort((a, b) => a - b);
  return { p50: quantile(each, 0.5), p99: quantile(each, 0.99), rate: rates(ours, phases, 'single') };
}

export async function ingestRows(): Promise<Row[]> {
  setup();
  const peer = betterSqlite3();
  const kinds = [
    ['single', 'one by one', 0.6],
    ['burst', `a burst of ${BURST}`, 0.5],
  ] as const;
  if ('why' in peer)
    return kinds.map(([, name, least]) => notThere(`ingest, ${name} | better-sqlite3`, `≥ ${least} × peer`, peer.why));
  const played = await play(PLAN, SIZES, peer.folder);
  const of = (name: Name, kind: Phase['kind']) => rates(played[name], PLAN, kind);
  const text = ({ median, min, max }: Spread) => `${median.toFixed(0)}/s (${min.toFixed(0)}–${max.toFixed(0)})`;
  return kinds.flatMap(([kind, name, least]) =>
    (
      [
        ['statements', 'the same statements'],
        ['writes', 'the writes alone, what to write being known'],
      ] as const
    ).map(([side, what]): Row => {
      const [mine, theirs] = [of('ours', kind), of(side, kind)];
      const ratio = mine.median / theirs.median;
      return {
        name: `ingest, ${name} | better-sqlite3, ${what}`,
        result: `${ratio.toFixed(2)} ×: ours ${text(mine)}, peer ${text(theirs)} records, ${ROUNDS} rounds`,
        aim: `≥ ${least.toFixed(2)} × peer`,
        met: ratio >= least,
        figures: { ours: mine, peer: theirs },
      };
    }),
  );
}
