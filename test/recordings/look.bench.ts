/**
 * How long the full look takes and what it costs in memory: 100,000 recordings in 365 folders, first without an index, then
 * with one that knows them all; each in a process of its own. Run from the repository:
 * `npx tsx test/recordings/look.bench.ts [FILES] [FOLDERS]`; bundle the worker first (test/setup.ts).
 */
import { fork } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type RecordingIndex, startRecordings } from '../../daemon/recordings/recordings.ts';
import { wav } from './helper.ts';

const bytes = wav({ sound: 320 });
const old = new Date('2025-01-01T00:00:00Z');
const day = (n: number) => new Date(Date.UTC(2025, 0, 1 + n)).toISOString().slice(0, 10).replaceAll('-', '');

function resident(field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync('/proc/self/status', 'utf8');
  return Math.round(Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1024);
}

/** An index that knows nothing, or everything as it lies on disk. */
function index(dir: string, knowsAll: boolean): RecordingIndex {
  const known = (folder: string) =>
    readdirSync(join(dir, folder))
      .map((name) => `${name}\t${bytes.length}\t${old.getTime()}`)
      .join('\n');
  return {
    medium: async () => 1,
    known: async (_medium, folder) => (knowsAll && existsSync(join(dir, folder)) ? known(folder) : ''),
    folders: async () => (knowsAll ? readdirSync(dir) : []),
    found: async () => {},
    gone: async () => {},
  };
}

async function look(title: string, dir: string, today: string, knowsAll: boolean): Promise<void> {
  const before = resident('VmRSS');
  const started = performance.now();
  const recordings = startRecordings({
    dir,
    requireMount: 'no',
    sweepSeconds: 5,
    worker: new URL('../.build/medium-worker.mjs', import.meta.url),
    index: index(dir, knowsAll),
    log: { debug() {}, info() {}, warn: console.warn, error: console.error },
    today: () => today,
    now: () => Date.now(),
  });
  await recordings.firstLook;
  const took = Math.round(performance.now() - started);
  const { indexed, looks } = recordings.figures();
  const memory = `RSS ${before} → ${resident('VmRSS')} MB, peak ${resident('VmHWM')} MB`;
  await recordings.sweepNow();
  const { lastSweepMs } = recordings.figures();
  console.log(`${title}: ${took} ms, ${indexed} told, ${looks} looks, ${memory}; a sweep afterwards ${lastSweepMs} ms`);
  await recordings.close();
}

async function main(files: number, folders: number): Promise<void> {
  const base = mkdtempSync(join(tmpdir(), 'cdrd-look-'));
  const dir = join(base, 'monitor');
  mkdirSync(join(base, 'nothing'));
  try {
    for (let n = 0; n < folders; n += 1) mkdirSync(join(dir, day(n)), { recursive: true });
    for (let n = 0; n < files; n += 1) {
      const name = `${day(n % folders)}-120000-${1_735_000_000 + n}-Outbound-96-202-0${600_000_000 + n}.wav`;
      writeFileSync(join(dir, day(n % folders), name), bytes);
      utimesSync(join(dir, day(n % folders), name), old, old);
    }
    console.log(`${files} recordings in ${folders} folders, Node ${process.version}`);
    const runs = [
      ['empty folder', join(base, 'nothing'), 'no'],
      ['first start', dir, 'no'],
      ['second start', dir, 'yes'],
    ];
    for (const [title = '', where = '', knowsAll = ''] of runs) {
      const child = fork(fileURLToPath(import.meta.url), ['look', title, where, day(folders - 1), knowsAll]);
      await new Promise((resolve) => child.once('exit', resolve));
    }
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
}

const [, , first = '100000', second = '365', dir = '', today = '', knowsAll = ''] = process.argv;
if (first === 'look') {
  await look(second, dir, today, knowsAll === 'yes');
  process.exit();
}
await main(Number(first), Number(second));
