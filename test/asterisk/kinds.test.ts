/**
 * Every kind of call on a real Asterisk, once by chan_sip and once by PJSIP, with the built daemon beside it: what was
 * played (kinds.ts), how many records Asterisk wrote, and whether 9006 and 20053 show what kinds.txt demands.
 */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Tech } from './asterisk.ts';
import { parseCsv } from './csv-line.ts';
import { type Daemon, eventually, startDaemon } from './daemon-process.ts';
import { KINDS, type Kind } from './kinds.ts';
import { listen, recordingsBelow } from './rig.ts';
import { capture, openStage, recordingAllowed, type Stage, sceneOf } from './stage.ts';

/** Calls of so many kinds run at once: enough to end in a minute, few enough for two busy cores to keep time. */
const LANES = 6;
/** Between the starts of two lanes, so that not all phones do the same thing in the same moment. */
const STAGGER_MS = 150;
/** All kinds must be played by then, also one after the other. */
const PLAY_MS = 300_000;
/** A folder for what Asterisk said and wrote, a file for each kind: then they are played one after the other. */
const CAPTURES = process.env['CDRD_AMI_CAPTURES'];
/** The report has settled when it stays the same for so long: a row appears 2 s after its call is over. */
const QUIET_MS = 4_000;
const SETTLE_MS = 40_000;
/** billsec is whole seconds, cut at both ends, and a phone's own clock runs beside Asterisk's. */
const TALK_TOLERANCE = 1;

/** One line of kinds.txt. */
interface Expected {
  readonly kind: string;
  /** Everything but the talk, as it is compared and printed. */
  readonly text: string;
  readonly talk: number;
  /** What is missing until this line can hold; null = it must hold. */
  readonly todo: string | null;
}

type Row = Record<string, string | number>;

const EXPECTED = readExpectations(readFileSync(new URL('./kinds.txt', import.meta.url), 'utf8'));

it('every kind that is played has its expectations, and the other way round', () => {
  expect(KINDS.map((kind) => kind.name)).toEqual([...new Set(EXPECTED.map((line) => line.kind))]);
  expect(new Set(KINDS.map((kind) => kind.base)).size).toBe(KINDS.length);
});

describe.each<Tech>(['SIP', 'PJSIP'])('calls of every kind by %s', (tech) => {
  let stage: Stage;
  let daemon: Daemon;
  let results: ReadonlyMap<string, Result>;
  let stranded: readonly string[];
  beforeAll(async () => {
    stage = await openStage(tech);
    daemon = await startDaemon(stage.asterisk, stage.asterisk.customCsv);
    await recordingAllowed(stage);
    const faults = await playAll(stage);
    results = await collect(stage, daemon, faults);
    stranded = await unlisted(stage, daemon);
    printTable(tech, results);
  }, PLAY_MS + SETTLE_MS);
  afterAll(async () => {
    const end = await daemon?.stop();
    await stage?.stop();
    if (daemon !== undefined) expect(end).toBe(0);
  });

  for (const kind of KINDS) {
    const lines = EXPECTED.filter((line) => line.kind === kind.name);
    const todo = lines.find((line) => line.todo !== null)?.todo ?? null;
    it(kind.name, ({ skip }) => {
      const result = results.get(kind.name);
      expect(result?.fault).toBe(null);
      const wanted = lines.map(({ text, talk }) => show(text, talk)).sort();
      if (todo !== null && !isDeepStrictEqual(result?.shown, wanted)) skip(`todo: ${todo}`);
      expect(result?.shown).toEqual(wanted);
    });
    it(`${kind.name}: its recordings can be heard`, async () => {
      expect(results.get(kind.name)?.fault).toBe(null);
      for (const path of results.get(kind.name)?.recordings ?? []) {
        const sound = await listen(join(stage.asterisk.monitor, path));
        expect(sound.rms, path).toBeGreaterThan(0.02);
      }
    });
  }

  it('every recording on the medium is listed, and every one that a row names is there', () => {
    expect(stranded).toEqual([]);
  });
});

/** What came of one kind. */
interface Result {
  /** Why it could not be played, or null. */
  readonly fault: string | null;
  /** Asterisk's records: lines of its CSV. */
  readonly records: number;
  /** Our rows as kinds.txt writes them, sorted; a talk within the tolerance is shown as the one expected. */
  readonly shown: readonly string[];
  /** Paths of the recordings that its rows name. */
  readonly recordings: readonly string[];
}

/** Plays all kinds, some at once; returns what went wrong, by kind. */
async function playAll(stage: Stage): Promise<Map<string, string>> {
  const faults = new Map<string, string>();
  // The longest first, so that no lane is left with one at the end.
  const queue = [...KINDS].reverse();
  const lane = async (number: number): Promise<void> => {
    await sleep(number * STAGGER_MS);
    for (let kind = queue.shift(); kind !== undefined; kind = queue.shift()) {
      const { name, base, play } = kind;
      const keep = CAPTURES === undefined ? null : await capture(stage, CAPTURES, name);
      await play(sceneOf(stage, base)).catch((error: Error) => faults.set(name, error.message));
      await keep?.();
    }
  };
  const lanes = CAPTURES === undefined ? LANES : 1;
  await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)));
  return faults;
}

/** Asks both lists, from long ago until now: a run may pass midnight. */
async function rowsOf(daemon: Daemon): Promise<Row[]> {
  const answer = await daemon.ask(9006, '&startdate=2020-01-01%2000:00&enddate=');
  return (JSON.parse(answer) as { json_array_astcdrs: Row[] }).json_array_astcdrs;
}

async function listedPaths(daemon: Daemon): Promise<string[]> {
  const answer = await daemon.ask(20053, '&startdate=2020-01-01%2000:00&enddate=');
  const list = (JSON.parse(answer) as { json_array_recordings: Row[] }).json_array_recordings;
  return list.map((row) => String(row['path'])).sort();
}

/** Waits until report and recordings stand still, and gives each kind its share of records and rows. */
async function collect(
  stage: Stage,
  daemon: Daemon,
  faults: ReadonlyMap<string, string>,
): Promise<Map<string, Result>> {
  let last = '';
  let since = performance.now();
  await eventually('a report that stands still', SETTLE_MS, async () => {
    const now = JSON.stringify([await rowsOf(daemon), await listedPaths(daemon)]);
    if (now !== last) since = performance.now();
    last = now;
    await sleep(200);
    return performance.now() - since > QUIET_MS;
  });
  const rows = await rowsOf(daemon);
  const records = (await readFile(stage.asterisk.customCsv, 'utf8')).trimEnd().split('\n').map(parseCsv);
  return new Map(
    KINDS.map((kind) => {
      const own = records.filter((record) => belongs(record, kind));
      // Column 17 is the UniqueID.
      const ids = new Set(own.map((record) => record[16]));
      const mine = rows.filter((row) => ids.has(String(row['UniqueID'])));
      const talks = EXPECTED.filter((line) => line.kind === kind.name);
      const recordings = mine.map((row) => String(row['Recording filename'])).filter((path) => path !== '');
      return [
        kind.name,
        {
          fault: faults.get(kind.name) ?? null,
          records: own.length,
          shown: mine.map((row) => showRow(row, talks)).sort(),
          recordings,
        },
      ];
    }),
  );
}

/** Whether a record names one of the kind's own numbers: src, dst, channel, dstchannel. */
function belongs(record: readonly string[], { base }: Kind): boolean {
  const own = new RegExp(`(^|\\D)(${base / 10}\\d|9?5550${base}|\\*[38][12]?${base / 10}\\d)(\\D|$)`);
  const [, src = '', dst = '', , , channel = '', dstchannel = ''] = record;
  // A channel's number at the end of its name is Asterisk's own.
  return [src, dst, channel.replace(/-[0-9a-f]+(;\d)?$/, ''), dstchannel.replace(/-[0-9a-f]+(;\d)?$/, '')].some(
    (text) => own.test(text),
  );
}

function showRow(row: Row, expected: readonly Expected[]): string {
  const trunks = [row['channel'], row['dstchannel']].map((trunk) => trunk || '-').join('/');
  const path = String(row['Recording filename']);
  const text = [
    row['src'],
    row['dst'],
    row['userfield'],
    row['disposition'],
    trunks === '-/-' ? '-' : trunks,
    path === '' ? '-' : path.replace(/^.*-\d{10}-/, '').replace(/\.wav$/, ''),
  ].join(' | ');
  const talk = Number(row['billsec']);
  const wanted = expected.find((line) => line.text === text && Math.abs(line.talk - talk) <= TALK_TOLERANCE);
  return show(text, wanted?.talk ?? talk);
}

const show = (text: string, talk: number): string => `${text} | ${talk} s`;

/** Recordings that only the medium or only the report knows. */
async function unlisted(stage: Stage, daemon: Daemon): Promise<string[]> {
  const files = await recordingsBelow(stage.asterisk.monitor);
  const listed = await listedPaths(daemon);
  const named = (await rowsOf(daemon)).map((row) => String(row['Recording filename'])).filter((path) => path !== '');
  return [
    ...files.filter((file) => !listed.includes(file)).map((file) => `not listed: ${file}`),
    ...named.filter((path) => !files.includes(path)).map((path) => `not there: ${path}`),
  ];
}

function printTable(tech: Tech, results: ReadonlyMap<string, Result>): void {
  const lines = [...results].flatMap(([name, { fault, records, shown, recordings }]) => {
    const head = `${name.padEnd(25)}${String(records).padStart(3)}${String(shown.length).padStart(6)}`;
    const found = `${new Set(recordings).size}`.padStart(6);
    const [first = '', ...more] = shown;
    return [
      `${head}${found}   ${fault === null ? first : `NOT PLAYED: ${fault}`}`,
      ...more.map((row) => `${' '.repeat(43)}${row}`),
    ];
  });
  console.log(
    [
      `Asterisk 16.28, ${tech}: records of Asterisk, our rows, recordings; rows as src | dst | direction | …`,
      `${'kind'.padEnd(25)}rec  rows  wavs`,
      ...lines,
    ].join('\n'),
  );
}

function readExpectations(text: string): Expected[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return lines.slice(1).map((line) => {
    const [body = '', todo] = line.startsWith('!') ? line.slice(1).split('!') : [line];
    const cells = body.split('|').map((cell) => cell.trim());
    const [kind = '', src, dst, direction, outcome, talk, trunks, recording] = cells;
    if (cells.length !== 8) throw new Error(`kinds.txt: eight columns, please: ${line}`);
    return {
      kind,
      text: [src, dst, direction, outcome, trunks, recording].join(' | '),
      talk: Number(talk),
      todo: line.startsWith('!') ? (todo ?? 'not said').trim() : null,
    };
  });
}
