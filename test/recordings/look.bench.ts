/**
 * How long the full look takes and what it costs in memory: 100,000 recordings in 365 folders, first without an index, then
 * with one that knows them all. The index in memory is part of the figures of the second. Run from the repository:
 * `npx tsx test/recordings/look.bench.ts [FILES] [FOLDERS]`; bundle the worker first (test/setup.ts).
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FoundRecording } from '../../daemon/recordings/recordings.ts';
import { type RecordingIndex, startRecordings } from '../../daemon/recordings/recordings.ts';
import { wav } from './helper.ts';

const files = Number(process.argv[2] ?? 100_000);
const folders = Number(process.argv[3] ?? 365);
const dir = mkdtempSync(join(tmpdir(), 'cdrd-look-'));
const day = (n: number) => new Date(Date.UTC(2025, 0, 1 + n)).toISOString().slice(0, 10).replaceAll('-', '');
const old = new Date('2025-01-01T00:00:00Z');
const bytes = wav({ sound: 320 });

/** Resident memory now and its peak, MB. */
function memory(): string {
  const status = readFileSync('/proc/self/status', 'utf8');
  const of = (name: string) => Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024);
  return `RSS ${of('VmRSS')} MB, peak ${of('VmHWM')} MB`;
}

async function look(title: string, index: RecordingIndex): Promise<void> {
  const started = performance.now();
  const recordings = startRecordings({
    dir,
    requireMount: 'no',
    sweepSeconds: 5,
    worker: new URL('../.build/medium-worker.mjs', import.meta.url),
    index,
    log: { debug() {}, info() {}, warn: console.warn, error: console.error },
    today: () => day(folders - 1),
    now: () => Date.now(),
  });
  await recordings.firstLook;
  const took = Math.round(performance.now() - started);
  const { indexed, looks } = recordings.figures();
  console.log(`${title}: ${took} ms, ${indexed} told, ${looks} folders, ${memory()}`);
  await recordings.sweepNow();
  console.log(`  a sweep afterwards: ${recordings.figures().lastSweepMs} ms`);
  await recordings.close();
}

try {
  const texts = new Map<string, string>();
  for (let n = 0; n < folders; n += 1) mkdirSync(join(dir, day(n)));
  for (let n = 0; n < files; n += 1) {
    const folder = day(n % folders);
    const name = `${folder}-120000-${1_735_000_000 + n}-Outbound-96-202-0${600_000_000 + n}.wav`;
    writeFileSync(join(dir, folder, name), bytes);
    utimesSync(join(dir, folder, name), old, old);
    const line = `${name}\t${bytes.length}\t${old.getTime()}`;
    texts.set(folder, texts.has(folder) ? `${texts.get(folder)}\n${line}` : line);
  }
  console.log(`${files} recordings in ${folders} folders, Node ${process.version}; before: ${memory()}`);
  const told = async (_: readonly FoundRecording[]): Promise<void> => {};
  const empty = { known: async () => '', folders: async () => [], found: told, gone: async () => {} };
  await look('first start', empty);
  const full = {
    ...empty,
    known: async (folder: string) => texts.get(folder) ?? '',
    folders: async () => [...texts.keys()],
  };
  await look('second start', full);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
