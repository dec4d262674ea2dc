/**
 * `make test-life`: a day of a box in minutes. A simulated PBX places calls and records them, crashes, and has its CSV
 * rotated; the daemon as it ships is cut off from its power once and stopped once; retention holds the recordings to a size
 * and the calls to a number. Hour by hour its memory, file descriptors, threads and sizes are written down, and at the end
 * it must have stayed what it was, hold what retention says, and agree with every line of the CSV.
 * HOURS, FACTOR (virtual seconds in a real one) and CALLS (a minute) may be set in the environment.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSimulator } from '../simulator/simulator.ts';
import { type Box, type Figures, openBox } from './box.ts';
import { beginDay } from './day.ts';

const number = (name: string, fallback: number) => Number(process.env[name] ?? fallback);
const HOURS = number('HOURS', 24);
const FACTOR = number('FACTOR', 360);
const CALLS_PER_MINUTE = number('CALLS', 1);
const SECRET = 'life';
/** What the settings say. */
const MB_KEPT = 30;
const CALLS_KEPT = 400;
/** The hours from which on a process must stay as it is: by then it has done everything once. */
const SETTLED_HOURS = 4;
/** What it may then differ by. Memory: the heap breathes by some MB between two collections. */
const MEMORY_MB = 10;
const DESCRIPTORS = 4;
const THREADS = 2;

/** Midday of the day after tomorrow: behind the build, and far from midnight, which it shall come to in its midst. */
const START = (Math.floor(Date.now() / 86_400_000) + 2) * 86_400_000 + 12 * 3_600_000;

interface Hour extends Figures {
  readonly hour: number;
  /** Which process: it begins anew with each. */
  readonly life: number;
  readonly calls: number;
  readonly happened: string;
}

let passed = 0;
let failed = 0;
function check(what: string, holds: boolean, measured: string): void {
  if (holds) passed += 1;
  else failed += 1;
  console.log(`${holds ? 'ok  ' : 'FAIL'} ${what}: ${measured}`);
}

async function live(root: string): Promise<void> {
  const csv = join(root, 'Master.csv');
  const day = beginDay(START, FACTOR);
  const simulator = await startSimulator({
    username: 'cdrd',
    secret: SECRET,
    clock: day.clock,
    zone: 'UTC',
    customCsvPath: csv,
    callsPerMinute: CALLS_PER_MINUTE,
    warn: (message) => console.log(`simulated PBX: ${message}`),
  });
  const box = openBox(root, day, simulator.port, SECRET, csv);
  try {
    await box.start();
    await box.ask(
      30017,
      `retention.recordings.mb=${MB_KEPT}&retention.calls.count=${CALLS_KEPT}&retention.recordings.free=0`,
    );
    let life = 1;
    const events: Record<number, [string, () => Promise<unknown> | unknown]> = {
      3: ['Asterisk crashes', () => simulator.restart()],
      5: [
        'power cut',
        async () => {
          await box.end('SIGKILL');
          life += 1;
          await box.start();
        },
      ],
      8: ['CSV rotated', () => simulator.rotateCsv('rename')],
      10: [
        'stopped, started',
        async () => {
          check('a stop ends well', (await box.end('SIGTERM')) === 0, 'exit code 0');
          life += 1;
          await box.start();
        },
      ],
      13: ['CSV rotated, gzip', () => simulator.rotateCsv('gzip')],
      15: ['Asterisk crashes', () => simulator.restart()],
      18: ['connections drop', () => simulator.dropConnections()],
      20: ['CSV cut', () => simulator.rotateCsv('copytruncate')],
    };
    const hours: Hour[] = [];
    console.log(heading());
    for (let hour = 1; hour <= HOURS; hour++) {
      await day.until(hour);
      const event = events[hour];
      const figures = { ...box.figures(), calls: await callsOf(box), hour, life };
      hours.push({ ...figures, happened: event?.[0] ?? '' });
      console.log(line(hours.at(-1) as Hour));
      if (box.died() !== null) throw new Error(`cdrd ended by itself: ${box.died()}`);
      await readALittle(box);
      await event?.[1]();
    }
    await judge(box, hours);
  } finally {
    await simulator.close();
    await box.end('SIGTERM');
  }
}

async function callsOf(box: Box): Promise<number> {
  const { json_obj_filter: about } = await box.ask(9006, 'startdate=2000-01-01 00:00&limit=1');
  return (about as { totalcount: number }).totalcount;
}

/** What somebody at the box looks at each hour: the work must leave nothing behind in memory. */
async function readALittle(box: Box): Promise<void> {
  await box.ask(9006, 'startdate=2000-01-01 00:00');
  await box.ask(20053, 'startdate=2000-01-01 00:00');
  await box.ask(30026);
}

/** The longest life of a process, from its settled hours on; and what the box holds at the end. */
async function judge(box: Box, hours: readonly Hour[]): Promise<void> {
  const last = hours.filter(({ life }) => life === hours.at(-1)?.life);
  const settled = last.slice(Math.min(SETTLED_HOURS, last.length - 1));
  const spread = (of: (hour: Hour) => number) => {
    const values = settled.map(of);
    return { grown: (values.at(-1) ?? 0) - (values[0] ?? 0), span: Math.max(...values) - Math.min(...values) };
  };
  const own = spread((hour) => hour.own);
  const files = spread((hour) => hour.files);
  const threads = spread((hour) => hour.threads);
  const over = `${settled.length} hours`;
  check(
    `private memory grows by ${MEMORY_MB} MB at most`,
    own.grown <= MEMORY_MB,
    `${own.grown.toFixed(1)} MB in ${over}`,
  );
  check(`file descriptors stay within ${DESCRIPTORS}`, files.span <= DESCRIPTORS, `${files.span} in ${over}`);
  check(`threads stay within ${THREADS}`, threads.span <= THREADS, `${threads.span} in ${over}`);
  // Looked at each hour, so an hour's recordings may stand above it.
  const busiest = Math.max(
    ...hours.map(({ recordingsMb }, index) => recordingsMb - (hours[index - 1]?.recordingsMb ?? 0)),
  );
  const most = Math.max(...hours.slice(2).map(({ recordingsMb }) => recordingsMb));
  const bound = MB_KEPT + 2 * busiest;
  check(
    'recordings stay at their size and what two hours add',
    most <= bound,
    `${most.toFixed(1)} of ${bound.toFixed(1)} MB`,
  );

  const { last: done, why } = (await box.ask(30026, 'run=1')) as { last: object; why: string };
  check('retention runs when it is asked to', why === '', JSON.stringify(done));
  const { recordingsMb } = box.figures();
  // One that was finished meanwhile may come on top.
  check(`recordings take ${MB_KEPT} MB`, recordingsMb <= MB_KEPT + 2, `${recordingsMb.toFixed(1)} MB`);
  // Those whose records are still coming count too, and are not shown yet; and calls go on.
  const [shown, open] = [await callsOf(box), await box.metric('cdrd_open_calls')];
  const stay = shown + open;
  check(`${CALLS_KEPT} calls stay`, stay >= CALLS_KEPT && stay <= CALLS_KEPT + 20, `${shown} and ${open} open ones`);
  const verified = box.command('verify').split('\n')[0] ?? '';
  check(
    'every call agrees with its records, every record of the CSV is stored or was erased',
    /all agree/.test(verified),
    verified,
  );
}

const COLUMNS = ['hour', 'rss MB', 'private MB', 'fds', 'threads', 'store MB', 'recordings', 'MB', 'calls', 'then'];

function heading(): string {
  return COLUMNS.map((name) => name.padStart(10)).join(' ');
}

function line({ hour, rss, own, files, threads, store, recordings, recordingsMb, calls, happened }: Hour): string {
  const cells = [
    hour,
    rss.toFixed(1),
    own.toFixed(1),
    files,
    threads,
    store.toFixed(1),
    recordings,
    recordingsMb.toFixed(1),
    calls,
  ];
  return [...cells.map((cell) => String(cell).padStart(10)), happened].join(' ');
}

const root = mkdtempSync(join(tmpdir(), 'cdrd-life-'));
const began = Date.now();
try {
  await live(root);
} catch (error) {
  check('the day comes to its end', false, String(error));
} finally {
  if (failed === 0) rmSync(root, { recursive: true, force: true });
  else console.log(`what is left of it: ${root}`);
}
console.log(`${HOURS} hours in ${Math.round((Date.now() - began) / 1000)} s`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
