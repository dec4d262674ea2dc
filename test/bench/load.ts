/**
 * `make bench-load`: a busy box for five minutes, on the store of a million calls: a simulated PBX places 50 calls a second
 * and records some of them into WAV files, while fifty clients read days and months, play recordings, delete some, and
 * listen to the AMI. No answer may be an error, no call late (load-watch.ts), the memory flat. Then the load is raised in
 * steps until something is late: the knee. Run: `npx tsx test/bench/load.ts [SECONDS]`.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { metrics } from '../fault/box.ts';
import { ascending, quantile } from './arithmetic.ts';
import { looked } from './idle.ts';
import { openAmi } from './listener.ts';
import type { ClientsFigures, ClientsJob } from './load-clients.ts';
import type { PbxJob } from './load-pbx.ts';
import { startWatch, type Watch } from './load-watch.ts';
import { memoryOf, request } from './measure.ts';
import { countLine, plainTable } from './result.ts';
import type { Row } from './row.ts';
import { onCopy, openStage, type Stage } from './stage.ts';

const SECONDS = Number(process.argv[2] || 300);
const CALLS_A_SECOND = 50;
/** Until caches and young memory are what they are under load. */
const SETTLE_SECONDS = Math.min(60, SECONDS / 3);
const MEMORY_EVERY_MS = 2_000;
/** MiB a minute that count as flat: more than it breathes between two collections. */
const FLAT = 0.5;
/** Steps of the knee: calls a second, and times as many questions as at first. The PBX can place no more than a hundred. */
const STEPS = [
  [75, 1],
  [100, 1],
  [100, 2],
  [100, 4],
  [100, 8],
  [100, 16],
] as const;
const STEP_SECONDS = Math.min(20, SECONDS / 3);
/** startBox's. */
const SECRET = 's3cret';

function child(file: string, job: object): ChildProcess {
  return fork(fileURLToPath(new URL(file, import.meta.url)), [JSON.stringify(job)], { execArgv: ['--import', 'tsx'] });
}

/** The next message of a child. @throws when it ends instead. */
async function hear<T>(from: ChildProcess): Promise<T> {
  const stop = new AbortController();
  try {
    const ended = once(from, 'exit', { signal: stop.signal }).then(([code]) => {
      throw new Error(`a process of the bench ended with ${code}`);
    });
    return (await Promise.race([once(from, 'message', { signal: stop.signal }), ended]))[0] as T;
  } finally {
    stop.abort();
  }
}

const tell = async <T>(to: ChildProcess, message: number | 'tell'): Promise<T> => {
  const answer = hear<T>(to);
  to.send(message);
  return answer;
};

const ms = (value: number) => (value < 10 ? value.toFixed(1) : value.toFixed(0));
const three = (values: readonly number[]) => {
  const sorted = ascending(values);
  return `p50 ${ms(quantile(sorted, 0.5))}, p99 ${ms(quantile(sorted, 0.99))}, worst ${ms(sorted.at(-1) ?? Number.NaN)} ms (${sorted.length})`;
};

interface Sample {
  readonly minutes: number;
  readonly anon: number;
}

/** MiB a minute: the slope of the straight line that fits best. */
function slope(samples: readonly Sample[]): number {
  const mean = (of: (sample: Sample) => number) => samples.reduce((sum, each) => sum + of(each), 0) / samples.length;
  const [x, y] = [mean(({ minutes }) => minutes), mean(({ anon }) => anon)];
  const over = samples.reduce((sum, { minutes, anon }) => sum + (minutes - x) * (anon - y), 0);
  return over / samples.reduce((sum, { minutes }) => sum + (minutes - x) ** 2, 0);
}

/** Commits and milliseconds of processor that the daemon has taken. */
async function spent({ url }: Stage) {
  const text = (await metrics(url)) ?? '';
  const value = (name: string) =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.split(' ')[1] ?? Number.NaN,
    );
  return { commits: value('cdrd_commit_seconds_count'), records: value('cdrd_records_total{result="stored"}') };
}

async function measure(stage: Stage, pbx: ChildProcess, clients: ChildProcess, watch: Watch): Promise<Row[]> {
  await tell(pbx, CALLS_A_SECOND);
  await tell(clients, 'tell');
  const loop = monitorEventLoopDelay({ resolution: 5 });
  loop.enable();
  const begun = performance.now();
  const before = await spent(stage);
  const samples: Sample[] = [];
  while (performance.now() - begun < SECONDS * 1000) {
    await pause(MEMORY_EVERY_MS);
    samples.push({ minutes: (performance.now() - begun) / 60_000, anon: memoryOf(stage.box.pid).anon });
  }
  const figures = await tell<ClientsFigures>(clients, 'tell');
  const after = await spent(stage);
  await pause(4_000); // what has just ended is shown
  const { calls, cdr, shown, late } = watch.take();
  const settled = samples.filter(({ minutes }) => minutes * 60 >= SETTLE_SECONDS);
  const growth = slope(settled);
  const anons = settled.map(({ anon }) => anon);
  const own = loop.percentile(99) / 1e6;
  console.log(
    `${SECONDS} s: ${calls} calls, ${after.records - before.records} records, ${after.commits - before.commits} commits; this process's own loop p99 ${ms(own)} ms, load ${loadavg()[0]?.toFixed(1)}`,
  );
  console.log(`  Event: Cdr behind the PBX's  ${three(cdr)}`);
  console.log(`  row in 9006 behind the end   ${three(shown)}`);
  for (const [kind, { count, p50, p99, worst }] of Object.entries(figures.waited))
    console.log(`  ${kind.padEnd(27)}  p50 ${ms(p50)}, p99 ${ms(p99)}, worst ${ms(worst)} ms (${count})`);
  return [
    {
      name: `${CALLS_A_SECOND} calls/s and 50 clients: errors`,
      result: figures.errorCount === 0 ? 'none' : `${figures.errorCount}: ${figures.errors.join('; ')}`,
      aim: 'none',
      met: figures.errorCount === 0,
    },
    {
      name: 'calls that are late',
      result: late.length === 0 ? `none of ${calls}` : `${late.length} of ${calls}: ${late.slice(0, 3).join('; ')}`,
      aim: 'none',
      met: late.length === 0 && calls > 0,
    },
    {
      name: 'private memory',
      result: `${growth >= 0 ? '+' : ''}${growth.toFixed(2)} MiB a minute, ${Math.min(...anons).toFixed(1)} to ${Math.max(...anons).toFixed(1)} MiB`,
      aim: `≤ +${FLAT} MiB a minute`,
      met: growth <= FLAT,
    },
  ];
}

/** Raises the load until something is late or fails. */
async function knee(pbx: ChildProcess, clients: ChildProcess, watch: Watch): Promise<void> {
  let stood = `${CALLS_A_SECOND} calls/s`;
  for (const [calls, factor] of STEPS) {
    await tell(pbx, calls);
    watch.forget();
    await tell(clients, factor);
    await pause(3_000);
    watch.take();
    await pause(STEP_SECONDS * 1000);
    const figures = await tell<ClientsFigures>(clients, 'tell');
    const { calls: shown, cdr, late } = watch.take();
    const step = `${calls} calls/s, ${factor} × the questions`;
    const asked = Object.values(figures.waited).reduce((sum, { count }) => sum + count, 0);
    console.log(
      `  ${step}: ${shown} calls shown, ${asked} answers, Cdr ${three(cdr)}, ${late.length} late, ${figures.errorCount} errors, load ${loadavg()[0]?.toFixed(1)}`,
    );
    if (late.length > 0 || figures.errorCount > 0) {
      console.log(
        `the knee: ${stood} stands, ${step} does not: ${[...late, ...figures.errors].slice(0, 3).join('; ')}`,
      );
      return;
    }
    stood = step;
  }
  console.log(`the knee is beyond ${stood}`);
}

const rows = await onCopy(async (store, place) => {
  const pbxJob: PbxJob = {
    port: Number(process.env['CDRD_LOAD_PORT'] || 25_039),
    secret: SECRET,
    csv: join(place.root, 'Master.csv'),
    zone: 'Etc/GMT+8',
  };
  const pbx = child('./load-pbx.ts', pbxJob);
  await hear(pbx);
  const env = { CDRD_ASTERISK_CDR_CSV: pbxJob.csv };
  const stage = await openStage(store, place, { recordings: place.recordings, pbx: pbxJob.port, env });
  let clients: ChildProcess | null = null;
  let watch: Watch | null = null;
  try {
    await looked(stage);
    const ami = await openAmi(stage.box, join(place.root, 'run'));
    const changed = async (since: number) => {
      const asked = `${stage.url}/cgi/webserve/9006?&since=${since}&order=asc&limit=100&nototal=1`;
      const { body } = await request(asked, stage.token)(true);
      return JSON.parse(body.toString()).json_array_astcdrs;
    };
    const newest = await request(
      `${stage.url}/cgi/webserve/9006?&since=0&order=desc&limit=1&nototal=1`,
      stage.token,
    )(true);
    const since = Number(JSON.parse(newest.body.toString()).json_array_astcdrs[0].changed);
    watch = await startWatch({ port: pbxJob.port, secret: SECRET }, ami, changed, since);
    const job: ClientsJob = { url: stage.url, token: stage.token, ami };
    clients = child('./load-clients.ts', job);
    await hear(clients);
    const figures = await measure(stage, pbx, clients, watch);
    await knee(pbx, clients, watch);
    return figures;
  } finally {
    watch?.stop();
    clients?.kill('SIGKILL');
    pbx.kill('SIGKILL');
    await stage.close();
  }
});
console.log(`\n${plainTable(rows)}`);
console.log(countLine(rows));
process.exit(rows.every(({ met }) => met === true) ? 0 : 1);
