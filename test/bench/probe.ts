/**
 * The stall of the main loop and of the ingest lane while the daemon does something long: the same work as in the rows, in a
 * pass of its own, because the probe takes its part of the two cores. What its commits cost is subtracted from the ingest
 * lane's delay: a record is told of when it is durable.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Folders, metrics } from '../fault/box.ts';
import type { BenchStore } from './generate.ts';
import { openAmi } from './listener.ts';
import type { Daemon, Delays, Probed } from './probe-child.ts';
import type { Row } from './row.ts';
import { openStage, type Stage, type StageOptions } from './stage.ts';

/** ms. A commit with its one fsync is no stall. */
const AIM = { p99: 30, max: 100, ingest: 30 };
/** So long the probe looks, ms: the work is done again when it is shorter, and broken off when it is longer. */
export const WINDOW_MS = 10_000;

export interface Stall {
  /** What the daemon says of its main loop. */
  readonly loop: { readonly p99: number; readonly max: number };
  readonly health: Delays;
  readonly ingest: Delays;
  readonly lost: number;
  /** Mean of the commits meanwhile, ms. */
  readonly commit: number;
}

/** Something that the daemon is made to do, as often as there is time. */
export interface Work {
  readonly name: string;
  readonly options?: Omit<StageOptions, 'pbx'>;
  /** Once before: what is loaded on first use, or waited for. */
  prepare?(stage: Stage): Promise<unknown>;
  perform(stage: Stage, send: (records: number) => void): Promise<unknown>;
  /** It fills the ingest lane itself: whoever comes behind it waits, and only the main loop is judged. */
  readonly ingests?: true;
}

export async function stallRow(store: BenchStore, place: Folders, work: Work): Promise<Row> {
  const name = `stall during: ${work.name}`;
  const aim = `p99 ≤ ${AIM.p99}, worst ≤ ${AIM.max} ms; ingest ≤ ${AIM.ingest}`;
  try {
    const stall = await probe(store, place, work);
    const { loop, health, ingest, commit, lost } = stall;
    const beyond = ingest.p99 - commit;
    const worst = Math.max(loop.max, health.max);
    const p99 = Math.max(loop.p99, health.p99);
    const ms = (value: number) => value.toFixed(value < 10 ? 1 : 0);
    return {
      name,
      aim,
      short: `p99 ${ms(p99)}, worst ${ms(worst)} ms; ingest ${ms(beyond)}`,
      result: `p99 ${ms(p99)} ms, worst ${ms(worst)}, ingest p99 ${ms(beyond)} beyond a commit; loop p99 ${ms(loop.p99)}, worst ${ms(loop.max)}; /healthz p50 ${ms(health.p50)}, p99 ${ms(health.p99)}, worst ${ms(health.max)} (${health.count}); record to event p50 ${ms(ingest.p50)}, p99 ${ms(ingest.p99)}, worst ${ms(ingest.max)} (${ingest.count}${lost > 0 ? `, ${lost} LOST` : ''}), commit ${ms(commit)} on the mean`,
      met: p99 <= AIM.p99 && worst <= AIM.max && (beyond <= AIM.ingest || work.ingests === true) && lost === 0,
      figures: stall,
    };
  } catch (error) {
    return { name, aim, result: `error: ${(error as Error).message}`, met: false };
  }
}

async function probe(store: BenchStore, place: Folders, work: Work): Promise<Stall> {
  const child = fork(fileURLToPath(new URL('./probe-child.ts', import.meta.url)), { execArgv: ['--import', 'tsx'] });
  const said = async <T>() => ((await once(child, 'message', { signal: AbortSignal.timeout(60_000) })) as [T])[0];
  try {
    const { pbx } = await said<{ pbx: number }>();
    const stage = await openStage(store, place, { ...work.options, pbx });
    try {
      await work.prepare?.(stage);
      const daemon: Daemon = { url: stage.url, ami: await openAmi(stage.box, join(place.root, 'run')) };
      const ready = said();
      child.send(daemon);
      await ready;
      const before = await figures(stage.url); // the loop's delays are those since this reading
      await Promise.race([again(() => work.perform(stage, (records) => child.send(records))), pause(WINDOW_MS)]);
      const after = await figures(stage.url);
      const told = said<Probed>();
      child.send('stop');
      const commit = (after.commitMs - before.commitMs) / (after.commits - before.commits);
      return { ...(await told), loop: after.loop, commit };
    } finally {
      await stage.close();
    }
  } finally {
    child.kill('SIGKILL');
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** For ever: what breaks it off is the end of the daemon. @throws when the daemon fails it before the window is over. */
async function again(perform: () => Promise<unknown>): Promise<void> {
  const end = performance.now() + WINDOW_MS;
  try {
    while (performance.now() < end) await perform();
  } catch (error) {
    if (performance.now() < end) throw error;
  }
}

async function figures(url: string) {
  const text = await metrics(url);
  if (text === null) throw new Error('the daemon is gone');
  const value = (name: string) =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.slice(name.length + 1),
    );
  const loop = (q: string) => value(`cdrd_loop_delay_seconds{quantile="${q}"}`) * 1000;
  return {
    loop: { p99: loop('0.99'), max: loop('1') },
    commits: value('cdrd_commit_seconds_count'),
    commitMs: value('cdrd_commit_seconds_sum') * 1000,
  };
}
