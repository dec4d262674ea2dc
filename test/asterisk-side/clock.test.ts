/**
 * The whole daemon beside a PBX whose clock is set, or that dies, in the midst of calls: every record once, by AMI and by its
 * CSV, no call left open, recordings found wherever the clock put them.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { realClock } from '../simulator/clock.ts';
import { type Simulator, startSimulator } from '../simulator/simulator.ts';
import { eventually, startDaemon, type TestDaemon } from '../support/daemon.ts';
import { type AtEnd, temporaryFolder } from '../support/folder.ts';

type Row = Record<string, string>;

/** They mostly wait, at the same time; on a loaded machine each takes longer than the usual bound. */
const PATIENCE_MS = 60_000;
/** Of one wait, seconds. */
const WAIT = 25;

/** A PBX whose clock can be set, and the daemon beside it. @param at Where its clock stands, epoch seconds; null: right. */
async function box(atEnd: AtEnd, at: number | null = null) {
  const folder = temporaryFolder(atEnd);
  const csv = `${folder}/Master.csv`;
  const clock = realClock();
  let shift = at === null ? 0 : at * 1000 - Date.now();
  const pbx = await startSimulator({
    username: 'cdrd',
    secret: 's3cret',
    zone: 'Etc/GMT+8',
    customCsvPath: csv,
    clock: { ...clock, now: () => Date.now() + shift },
  });
  atEnd(() => pbx.close());
  const daemon = await startDaemon(
    {
      CDRD_ASTERISK_HOST: '127.0.0.1',
      CDRD_ASTERISK_PORT: String(pbx.port),
      CDRD_ASTERISK_SECRET: 's3cret',
    },
    { folder, atEnd },
  );
  await eventually(() => pbx.astdb.get('cdrd/enable') === '1', WAIT);
  return {
    pbx,
    daemon,
    csv,
    atEnd,
    set: (seconds: number) => {
      shift = seconds;
    },
  };
}

type Box = Awaited<ReturnType<typeof box>>;

/** All rows, whatever their day, oldest first. */
const rowsOf = async (daemon: TestDaemon, number: 9006 | 20053): Promise<Row[]> => {
  const answer = await daemon.json(`/cgi/webserve/${number}?startdate=1969-12-31%2000:00&order=asc`);
  return answer[number === 9006 ? 'json_array_astcdrs' : 'json_array_recordings'] as Row[];
};

async function figure(daemon: TestDaemon, name: string): Promise<number> {
  const found = new RegExp(`^${name} (\\d+)$`, 'm').exec(await (await daemon.get('/metrics')).text())?.[1];
  return Number(found);
}

/** Everything is settled, and the CSV told again brings nothing: its lines are all known. */
async function eachOnce({ daemon, csv, atEnd }: Box, calls: number): Promise<Row[]> {
  await eventually(async () => (await rowsOf(daemon, 9006)).length === calls && daemon.ingest.figures.open === 0, WAIT);
  const lines = readFileSync(csv, 'utf8').trimEnd().split('\n');
  expect(daemon.ingest.figures.records).toBe(lines.length);
  await daemon.close();
  const again = await startDaemon({}, { folder: daemon.folder, atEnd });
  await eventually(async () => (await figure(again, 'cdrd_csv_behind_bytes')) === 0, WAIT);
  await pause(100);
  expect(await rowsOf(again, 9006)).toHaveLength(calls);
  expect(again.ingest.figures.records).toBe(0);
  return rowsOf(again, 9006);
}

const talk = (pbx: Simulator, seconds: number) =>
  pbx.placeCall('internal', { source: '205', destination: '204', ring: 0.1, talk: seconds });

test.concurrent('a box that starts in 1970: its calls stay, each once, and one over the jump has no length', {
  timeout: PATIENCE_MS,
}, async ({ onTestFinished }) => {
  const own = await box(onTestFinished, 65);
  const { pbx, daemon, set } = own;
  await talk(pbx, 1.1);
  // Not recorded: the simulation would write 56 years of sound.
  pbx.astdb.set('cdrd/enable', '0');
  const over = talk(pbx, 1.5);
  await pause(700);
  set(0);
  await over;
  pbx.astdb.set('cdrd/enable', '1');
  await talk(pbx, 1.1);
  await eventually(async () => (await rowsOf(daemon, 20053)).length === 2, WAIT);
  const files = await rowsOf(daemon, 20053);
  expect(files.map(({ path }) => path?.slice(0, 8))).toEqual(['19691231', expect.stringMatching(/^20/)]);
  const rows = await eachOnce(own, 3);
  expect(rows.map(({ calldate }) => calldate?.slice(0, 4))).toEqual(['1969', '1969', expect.stringMatching(/^20/)]);
  expect(rows.map((row) => row['Recording filename'])).toEqual([files[0]?.['path'], '', files[1]?.['path']]);
  // A loaded machine's second is a long one; 56 years are more.
  expect(rows.map(({ billsec }) => Number(billsec) > 0)).toEqual([true, false, true]);
  expect(rows.every(({ duration }) => Number(duration) < 100)).toBe(true);
  expect(daemon.log.filter((line) => /^<[0-3]>/.test(line))).toEqual([]);
});

test.concurrent('a clock that jumps back an hour, and ahead again: each call once, none with a length below nothing', {
  timeout: PATIENCE_MS,
}, async ({ onTestFinished }) => {
  const own = await box(onTestFinished);
  const { pbx, daemon, set } = own;
  const first = talk(pbx, 1.5);
  await pause(700);
  set(-3_600_000);
  await first;
  const second = talk(pbx, 1.5);
  await pause(700);
  set(0);
  await second;
  await talk(pbx, 1.1);
  const rows = await eachOnce(own, 3);
  for (const { duration, billsec } of rows) expect(Number(duration) >= 0 && Number(billsec) >= 0).toBe(true);
  expect(daemon.log.filter((line) => /^<[0-3]>/.test(line))).toEqual([]);
});

test.concurrent('Asterisk dies in mid-call: nothing stays open or live, its numbers begin again, and what comes after is whole', {
  timeout: PATIENCE_MS,
}, async ({ onTestFinished }) => {
  const own = await box(onTestFinished);
  const { pbx, daemon, csv } = own;
  const lost = talk(pbx, 30);
  await talk(pbx, 1.1).catch(() => {});
  const live = async () => ((await daemon.json('/cgi/webserve/30019?'))['json_array_live'] as unknown[]).length;
  await eventually(async () => (await live()) > 0, WAIT);
  pbx.restart();
  await lost;
  await eventually(
    async () => ((await daemon.json('/healthz')) as { asterisk: { state: string } }).asterisk.state === 'up',
  );
  await eventually(async () => (await live()) === 0, WAIT);
  await Promise.all([talk(pbx, 1.1), pbx.placeCall('busy', { ring: 0.1 })]);
  const before = readFileSync(csv, 'utf8').trimEnd().split('\n').length;
  expect(before).toBeGreaterThan(2);
  const rows = await eachOnce(own, 3);
  expect(rows.map(({ disposition }) => disposition).sort()).toEqual(['ANSWERED', 'ANSWERED', 'BUSY']);
});
