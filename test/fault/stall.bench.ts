/**
 * What a worn flash does to the main loop: with every fsync slowed to 100 ms, 20 records a second and two clients that
 * ask 9006 without a pause, nobody who needs no store may notice. Run: `npx tsx test/fault/stall.bench.ts [SECONDS]`.
 * It ends with exit code 1 when the main loop's stall or /healthz is over the budget (design: 50 ms at the 99th
 * percentile), or when the commits were not really slow.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import setup from '../setup.ts';
import { logIn, metrics } from './box.ts';
import { acknowledge, allStored, begin, call, openScene, ready, type Scene } from './scene.ts';

const BUDGET_MS = 50;
const FSYNC_MS = 100;
const RECORDS_A_SECOND = 20;
const CLIENTS = 2;
/** Distance of two questions to /healthz, ms. Each is due at its own time, however late the one before is answered. */
const HEALTH_EVERY_MS = 20;
const SECONDS = Number(process.argv[2] ?? 15);

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));

function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

/** Calls of one record or two, evenly spread over the time. */
async function sendCalls(scene: Scene, end: number): Promise<void> {
  const begun = performance.now();
  const before = scene.ledger.sent.length;
  while (performance.now() < end) {
    const due = ((performance.now() - begun) / 1000) * RECORDS_A_SECOND;
    while (scene.ledger.sent.length - before < due) call(scene);
    await pause(10);
  }
}

async function pollReport(get: Awaited<ReturnType<typeof logIn>>, end: number): Promise<number[]> {
  const times: number[] = [];
  while (performance.now() < end) {
    const begun = performance.now();
    await get('/cgi/webserve/9006?&startdate=2000-01-01%2000:00');
    times.push(performance.now() - begun);
  }
  return times.sort((a, b) => a - b);
}

/** Milliseconds from when each question was due to its answer. */
async function askHealth(url: string, end: number): Promise<number[]> {
  const answers: Promise<number>[] = [];
  for (let due = performance.now(); due < end; due += HEALTH_EVERY_MS) {
    await pause(due - performance.now());
    const asked = due;
    answers.push(
      fetch(`${url}/healthz`)
        .then((answer) => answer.text())
        .then(() => performance.now() - asked),
    );
  }
  return (await Promise.all(answers)).sort((a, b) => a - b);
}

interface Figures {
  readonly loop: readonly [p50: number, p99: number, max: number];
  readonly buckets: readonly (readonly [bound: string, count: number])[];
  readonly commits: number;
  readonly commitMs: number;
}

function read(text: string): Figures {
  const value = (name: string) =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.split(' ')[1],
    );
  const loop = (q: string) => value(`cdrd_loop_delay_seconds{quantile="${q}"}`) * 1000;
  return {
    loop: [loop('0.5'), loop('0.99'), loop('1')],
    buckets: [...text.matchAll(/^cdrd_commit_seconds_bucket\{le="([^"]+)"\} (\d+)$/gm)].map(
      ([, bound = '', count]) => [bound, Number(count)] as const,
    ),
    commits: value('cdrd_commit_seconds_count'),
    commitMs: value('cdrd_commit_seconds_sum') * 1000,
  };
}

async function figures(url: string): Promise<Figures> {
  const text = await metrics(url);
  if (text === null) throw new Error('the daemon is gone');
  return read(text);
}

async function measure(scene: Scene) {
  begin(scene, 'failing');
  await ready(scene);
  const { url } = scene.life;
  const get = await logIn(url, scene.place, 'admin');
  scene.disk.plan(`slow ${FSYNC_MS}\n`);
  call(scene); // the first commit of its life fsyncs the folder too
  await allStored(scene);
  const before = await figures(url); // the loop's delays are those since this reading
  const end = performance.now() + SECONDS * 1000;
  const [health, ...reports] = await Promise.all([
    askHealth(url, end),
    ...Array.from({ length: CLIENTS }, () => pollReport(get, end)),
    sendCalls(scene, end).then(() => [] as number[]),
  ]);
  const after = await figures(url);
  await acknowledge(scene);
  const waiting = scene.ledger.sent.length - scene.ledger.acknowledged.size;
  await allStored(scene);
  return { before, after, health, reports: reports.flat().sort((a, b) => a - b), waiting };
}

function report(
  { before, after, health, reports, waiting }: Awaited<ReturnType<typeof measure>>,
  records: number,
): boolean {
  const ms = (value: number) => value.toFixed(1).padStart(9);
  const line = (name: string, values: readonly number[]) => console.log(`${name.padEnd(40)}${values.map(ms).join('')}`);
  const spread = (times: readonly number[]) => [quantile(times, 0.5), quantile(times, 0.99), quantile(times, 1)];
  const commits = after.commits - before.commits;
  const counts = after.buckets.map(([bound, count], at) => [bound, count - (before.buckets[at]?.[1] ?? 0)] as const);
  const fast = counts.find(([bound]) => Number(bound) * 1000 === FSYNC_MS)?.[1] ?? Number.NaN;
  console.log(
    `fsync + ${FSYNC_MS} ms, ${SECONDS} s, ${records} records, ${reports.length} reports, ${waiting} records waiting at the end`,
  );
  console.log(`${'ms'.padEnd(40)}${['p50', 'p99', 'max'].map((word) => word.padStart(9)).join('')}`);
  line('main loop, measured inside', after.loop);
  line(`/healthz, asked every ${HEALTH_EVERY_MS} ms`, spread(health));
  line(`9006, ${CLIENTS} clients (waits for the commits)`, spread(reports));
  console.log(`commits: ${commits}, mean ${((after.commitMs - before.commitMs) / commits).toFixed(1)} ms`);
  console.log(counts.map(([bound, count]) => `  ≤ ${bound} s: ${count}`).join('\n'));
  const faults = [
    ...((after.loop[1] ?? Number.NaN) <= BUDGET_MS ? [] : [`the main loop's p99 is over ${BUDGET_MS} ms`]),
    ...(quantile(health, 0.99) <= BUDGET_MS ? [] : [`the p99 of /healthz is over ${BUDGET_MS} ms`]),
    ...(commits > 0 && fast === 0
      ? []
      : [`${fast} of ${commits} commits took ${FSYNC_MS} ms or less: the disk was not slow`]),
  ];
  for (const fault of faults) console.log(`MISSED: ${fault}`);
  console.log(`${faults.length === 0 ? 1 : 0} passed, ${faults.length === 0 ? 0 : 1} failed`);
  return faults.length === 0;
}

setup();
const folder = mkdtempSync(join(tmpdir(), 'cdrd-bench-'));
const scene = await openScene(join(folder, 'box'), null);
try {
  const measured = await measure(scene);
  process.exitCode = report(measured, scene.ledger.sent.length) ? 0 : 1;
} finally {
  await scene.close();
  rmSync(folder, { recursive: true, force: true });
}
