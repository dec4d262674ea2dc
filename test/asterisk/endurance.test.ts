/**
 * A bad day on a real Asterisk: a hundred calls, several at a time, while the daemon is killed twenty times and Asterisk
 * three times at seeded moments. Afterwards every record of Asterisk's CSV must be in the store exactly once and every
 * finished recording tied to its call. CDRD_SEED plays a day again.
 */
import { closeSync, openSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import sqlite from 'node-sqlite3-wasm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseCsv } from './csv-line.ts';
import { command, eventually, launch, logIn, type Running, ready, type Setup, setUp } from './daemon-process.ts';
import { listen, recordingsBelow } from './rig.ts';
import type { Dialogue, Placed } from './sip-phone.ts';
import { openStage, recordingAllowed, reopenStage, type Scene, type Stage, sceneOf } from './stage.ts';

const CALLS = 100;
const KILLS = 20;
const RESTARTS = 3;
/** Calls begin, and daemon and Asterisk die, within this time: some four calls at once, a death of the daemon every 6 s. */
const DAY_MS = 115_000;
/** What the day may last in all: calls that wait for Asterisk or for a queue end later. */
const DAY_LIMIT_MS = 200_000;
/** An init system starts a dead daemon again after this long. */
const RESPAWN_MS = 200;
/** Every second kill comes this soon after a record of Asterisk's, at most: while it is written, committed and folded. */
const SOON_MS = 250;
/** How long such a kill waits for a record; then it strikes without. */
const RECORD_MS = 3_000;
/** Asterisk stays down, at least and at most. */
const DOWN_MS = [300, 2_500] as const;
/** The daemon looks at the CSV every 30 s; by then at the latest it has every record from there too. */
const BEAT_MS = 31_000;
const QUIET_LIMIT_MS = 60_000;
/** No call of the day talks longer than 3 s; what a dying Asterisk cut was answered so long before, with room. */
const CUT_SECONDS = 12;

const KINDS = { internal: 32, outbound: 20, inbound: 16, busy: 14, queue: 9, ringgroup: 9 } as const;
type KindName = keyof typeof KINDS;
/** Tens of extensions for kinds that share nothing, one after another; queue and ring group have their own. */
const BLOCKS = [100, 110, 120, 130, 160, 190, ...Array.from({ length: 20 }, (_, i) => 400 + 10 * i)];
const GROUP_BLOCKS: Partial<Record<KindName, number>> = { queue: 140, ringgroup: 170 };

interface CallPlan {
  readonly kind: KindName;
  readonly base: number;
  /** Milliseconds after the beginning of the day. */
  readonly at: number;
  readonly talkSeconds: number;
}

/** What is to happen, all of it decided by the seed. */
interface Day {
  readonly calls: readonly CallPlan[];
  /** `soon`: so many ms after the next record; null: at once. */
  readonly kills: readonly { readonly at: number; readonly soon: number | null }[];
  readonly restarts: readonly { readonly at: number; readonly downMs: number }[];
}

const SEED = Number(process.env['CDRD_SEED'] ?? Math.floor(Math.random() * 2 ** 32)) >>> 0;

/** One Asterisk from its start to its death. */
interface Life {
  readonly stage: Stage;
  readonly died: Promise<void>;
  die(): void;
  dead: boolean;
}

interface Outcome {
  readonly faults: string[];
  /** Epoch milliseconds in which each call that went as it should had ended for its phones. */
  readonly whole: number[];
  cut: number;
  kills: number;
  /** Asterisk's deaths, epoch milliseconds: killed, and gone. */
  readonly deaths: { readonly from: number; readonly to: number }[];
  /** Performance clock of the last call's end. */
  endedAt: number;
}

type Row = Record<string, string | number>;

/** All that is known when the day is over and everything is quiet. */
interface Evening {
  readonly outcome: Outcome;
  readonly ms: number;
  readonly exit: number | string;
  readonly verify: { readonly code: number | null; readonly output: string };
  /** Lines of cdrd.csv, cells as Asterisk wrote them. */
  readonly records: readonly (readonly string[])[];
  /** The same of Master.csv, in its own columns. */
  readonly master: readonly (readonly string[])[];
  readonly rows: readonly Row[];
  readonly listed: readonly Row[];
  readonly legs: readonly Row[];
  readonly openCalls: number;
  readonly storedCalls: number;
  readonly indexed: readonly Row[];
  /** Legs that have not exactly one record row in the outbox. */
  readonly unannounced: number;
  readonly csvFaults: number;
  readonly integrity: string;
  /** Files whose header is that of a finished WAV and that have sound. */
  readonly finished: readonly string[];
  /** Files without an end or without sound: Asterisk died while it wrote them. Path and bytes. */
  readonly unfinished: ReadonlyMap<string, number>;
}

let life: Life;
let setup: Setup;
let daemon: Running;
let evening: Evening;

beforeAll(async () => {
  console.log(`CDRD_SEED=${SEED}`);
  life = newLife(await openStage('SIP'));
  const { asterisk } = life.stage;
  setup = await setUp(asterisk, asterisk.customCsv);
  const log = openSync(join(asterisk.run, 'cdrd.log'), 'a');
  daemon = launch(setup, log);
  try {
    await ready(setup);
    await recordingAllowed(life.stage);
    const began = performance.now();
    const outcome = await live(planDay(SEED), log);
    await ready(setup);
    const exit = await quiet(outcome);
    evening = { ...(await look()), ...exit, outcome, ms: performance.now() - began };
    printTable(evening);
  } finally {
    closeSync(log);
    const text = await readFile(join(asterisk.run, 'cdrd.log'), 'utf8');
    // Not on a terminal its lines begin with syslog's level; 4 is a warning.
    const complaints = text.split('\n').filter((line) => !/^<[5-7]>/.test(line) && line !== '');
    console.log(`the daemon's warnings and errors, by how often:\n${tally(complaints)}`);
  }
}, 360_000);
afterAll(async () => {
  await daemon?.kill();
  await life?.stage.stop();
});

it('the day went as planned', () => {
  expect(evening.outcome.faults).toEqual([]);
  expect(evening.outcome.whole.length + evening.outcome.cut).toBe(CALLS);
  expect(evening.outcome.kills).toBe(KILLS);
  expect(evening.outcome.deaths).toHaveLength(RESTARTS);
  expect(evening.exit).toBe(0);
});

it("every record of Asterisk's CSV is in the store exactly once, and nothing else", () => {
  // A call that was not cut has one record at least, unless Asterisk died before it wrote that.
  expect(evening.records.length).toBeGreaterThanOrEqual(evening.outcome.whole.length - atDeath(evening.outcome));
  const stored = evening.legs.filter(isByCsv).map(identityOfLeg);
  expect(stored.sort()).toEqual(evening.records.map(identityOfRecord).sort());
  expect(new Set(stored).size).toBe(stored.length);
  expect(evening.csvFaults).toBe(0);
});

it('Asterisk tells of a record everywhere, unless it died on the way', () => {
  const named = ([uniqueid, sequence]: readonly (string | undefined)[]) => `${uniqueid} ${sequence}`;
  const rich = evening.records.map((cells) => named([cells[16], cells[25]]));
  const plain = evening.master.map((cells) => named([cells[16], cells[20]]));
  const alone = [
    ...evening.records.filter((_, i) => !plain.includes(rich[i] ?? '')).map((cells) => Number(cells[11])),
    ...evening.legs.filter((leg) => !isByCsv(leg)).map((leg) => Number(leg['end_at']) + 0.999), // was cut to seconds
  ];
  expect(alone.filter((end) => !isAtDeath(evening.outcome, end * 1000))).toEqual([]);
  // Of these it is told in local time when they ended: they began with a call that a death cut, or ended just before one.
  const missing = plain.filter((name) => !rich.includes(name)).map((name) => Number.parseInt(name, 10) * 1000);
  expect(missing.filter((begin) => !evening.outcome.deaths.some((death) => isCut(death, begin)))).toEqual([]);
  expect(alone.length + missing.length).toBeLessThanOrEqual(2 * RESTARTS);
});

it('every record is announced once, and the store is sound', () => {
  expect(evening.unannounced).toBe(0);
  expect(evening.integrity).toBe('ok');
  expect(evening.verify.output).toContain(`${evening.records.length} lines of the CDR CSV`);
  expect(evening.verify.output).toContain('all agree');
  expect(evening.verify.code).toBe(0);
});

it('9006 shows one row a call, and none is left open', () => {
  // None of the day's kinds makes more than one row: one for each LinkedID.
  const byAmi = evening.legs.filter((leg) => !isByCsv(leg));
  const expected = new Set([...evening.records.map(linkedIdOf), ...byAmi.map((leg) => String(leg['linkedid']))]);
  expect(evening.rows).toHaveLength(expected.size);
  expect(evening.storedCalls).toBe(expected.size);
  expect(evening.openCalls).toBe(0);
  const ids = [...evening.records.map((record) => record[16]), ...byAmi.map((leg) => leg['uniqueid'])];
  expect(evening.rows.filter((row) => !ids.includes(String(row['UniqueID'])))).toEqual([]);
});

it('every finished recording is listed and tied to exactly one call', () => {
  const named = new Set(evening.records.map(recordingOf));
  const tied = new Map(
    evening.indexed
      .filter((row) => row['call_id'] !== null)
      .map((row) => [String(row['path']), Number(row['call_id'])]),
  );
  const listed = evening.listed.map((row) => String(row['path']));
  expect(evening.finished.filter((path) => !listed.includes(path))).toEqual([]);
  expect(evening.finished.filter((path) => named.has(path) && !tied.has(path))).toEqual([]);
  expect(new Set(tied.values()).size).toBe(tied.size);
  // Only what Asterisk was at when it died may have no record, no end, or no sound yet.
  const stray = [
    ...[...named].filter((path) => path !== '' && !evening.finished.includes(path)),
    ...evening.finished.filter((path) => !named.has(path)),
    ...[...evening.unfinished.keys()].filter((path) => !named.has(path)),
  ];
  const cut = (path: string): boolean => {
    const answer = Number(/-(\d{10})-/.exec(path)?.[1]) * 1000;
    return evening.outcome.deaths.some((death) => isCut(death, answer));
  };
  expect(stray.filter((path) => !cut(path))).toEqual([]);
  expect(stray.length).toBeLessThanOrEqual(evening.outcome.cut + atDeath(evening.outcome));
});

/** Calls that were over for their phones in the second before a death: Asterisk may not have written all of them. */
function atDeath(outcome: Outcome): number {
  return outcome.whole.filter((end) => isAtDeath(outcome, end)).length;
}

/** @param at Epoch milliseconds. */
function isAtDeath({ deaths }: Outcome, at: number): boolean {
  return deaths.some(({ from, to }) => at > from - 1_000 && at <= to + 1_000);
}

/** Whether a call that was answered at this moment may have been up at that death. */
function isCut({ from, to }: Outcome['deaths'][number], answeredAt: number): boolean {
  return answeredAt <= to && answeredAt > from - CUT_SECONDS * 1000;
}

const isByCsv = (leg: Row): boolean => (Number(leg['sources']) & 2) !== 0;

function planDay(seed: number): Day {
  const random = generator(seed);
  const kinds = Object.entries(KINDS).flatMap(([kind, count]) => Array<KindName>(count).fill(kind as KindName));
  if (kinds.length !== CALLS) throw new Error(`${kinds.length} calls are planned instead of ${CALLS}`);
  for (let i = kinds.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const [one, other] = [kinds[i], kinds[j]];
    if (one !== undefined && other !== undefined) [kinds[i], kinds[j]] = [other, one];
  }
  const calls = kinds.map((kind, i) => ({
    kind,
    base: GROUP_BLOCKS[kind] ?? BLOCKS[i % BLOCKS.length] ?? 100,
    at: ((i + random()) * DAY_MS) / CALLS,
    talkSeconds: 1 + 2 * random(),
  }));
  const kills = Array.from({ length: KILLS }, (_, i) => ({
    at: 1_000 + random() * DAY_MS,
    soon: i % 2 === 0 ? random() * SOON_MS : null,
  })).sort((a, b) => a.at - b.at);
  const restarts = Array.from({ length: RESTARTS }, (_, i) => ({
    at: ((i + 0.2 + 0.6 * random()) * DAY_MS) / RESTARTS,
    downMs: DOWN_MS[0] + random() * (DOWN_MS[1] - DOWN_MS[0]),
  }));
  return { calls, kills, restarts };
}

/** Mulberry32: numbers from 0 to 1 that a seed decides. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function newLife(stage: Stage): Life {
  let die = (): void => {};
  const died = new Promise<void>((resolve) => {
    die = resolve;
  });
  const born: Life = {
    stage,
    died,
    dead: false,
    die: () => {
      born.dead = true;
      die();
    },
  };
  return born;
}

/** Lives through the day. */
async function live(day: Day, log: number): Promise<Outcome> {
  const began = performance.now();
  const at = (ms: number): Promise<void> => sleep(Math.max(0, began + ms - performance.now()));
  const outcome: Outcome = { faults: [], whole: [], cut: 0, kills: 0, deaths: [], endedAt: 0 };
  /** Settles when Asterisk is up. */
  let up: Promise<void> = Promise.resolve();
  const lines = new Map<number, Promise<void>>();

  const place = async (plan: CallPlan): Promise<void> => {
    await up;
    const { stage, died } = life;
    const mine = life;
    const played = play(plan, sceneOf(stage, plan.base)).then(
      () => 'whole' as const,
      (error: Error) => error,
    );
    const result = await Promise.race([played, died]);
    outcome.endedAt = performance.now();
    if (mine.dead) outcome.cut++;
    else if (result === 'whole') outcome.whole.push(Date.now());
    else outcome.faults.push(`${plan.kind} ${plan.base} at ${Math.round(plan.at)} ms: ${result?.message}`);
  };
  const call = async (plan: CallPlan): Promise<void> => {
    await at(plan.at);
    // The phones of a queue and of a ring group take one call at a time.
    const before = lines.get(plan.base) ?? Promise.resolve();
    const mine = before.then(() => place(plan));
    lines.set(plan.base, mine);
    await mine;
  };
  const kills = async (): Promise<void> => {
    for (const { at: when, soon } of day.kills) {
      await at(when);
      if (soon !== null) {
        const { ami } = life.stage.asterisk;
        const from = ami.packets.length;
        await ami.waitFor('Event: Cdr', (p) => p.get('Event') === 'Cdr', RECORD_MS, from).catch(() => null);
        await sleep(soon);
      }
      await daemon.kill();
      if ((await daemon.ended) === 'SIGKILL') outcome.kills++;
      else outcome.faults.push(`the daemon had ended by itself: ${await daemon.ended}`);
      await sleep(RESPAWN_MS);
      daemon = launch(setup, log);
    }
  };
  const restarts = async (): Promise<void> => {
    for (const { at: when, downMs } of day.restarts) {
      await at(when);
      let revived = (): void => {};
      up = new Promise((resolve) => {
        revived = resolve;
      });
      const { stage } = life;
      life.die();
      const from = Date.now();
      await stage.asterisk.crash();
      outcome.deaths.push({ from, to: Date.now() });
      await sleep(downMs);
      life = newLife(await reopenStage(stage));
      revived();
    }
  };
  const all = Promise.all([kills(), restarts(), ...day.calls.map(call)]);
  const late = sleep(DAY_LIMIT_MS, 'late', { ref: false });
  if ((await Promise.race([all, late])) === 'late') throw new Error(`the day is not over after ${DAY_LIMIT_MS} ms`);
  return outcome;
}

/** A phone rings a moment, is answered, and both talk. */
async function talk(scene: Scene, placed: Placed, answered: Promise<Dialogue>, seconds: number): Promise<void> {
  const [called, caller] = await Promise.all([answered, placed.answered()]);
  await scene.talk(seconds);
  await caller.hangUp();
  await called.ended();
}

async function play({ kind, talkSeconds }: CallPlan, s: Scene): Promise<void> {
  const { house, trunk96 } = s.stage;
  switch (kind) {
    case 'internal':
      return talk(s, s.call(s.b), s.answer(s.b), talkSeconds);
    case 'outbound':
      return talk(s, s.call(`9${s.outside}`), s.answer(s.outside, trunk96), talkSeconds);
    case 'inbound':
      return talk(s, s.callIn(s.b), s.answer(s.b), talkSeconds);
    case 'busy': {
      const placed = s.call(s.b);
      (await house.ringing(s.b)).refuse(486, 'Busy Here');
      await placed.refused();
      return;
    }
    case 'queue': {
      // The first phone rings in vain, the second is answered.
      const placed = s.callIn('822');
      await (await house.ringing(s.b)).cancelled();
      return talk(s, placed, s.answerAtOnce(s.c), talkSeconds);
    }
    case 'ringgroup': {
      const placed = s.callIn('922');
      const other = house.ringing(s.b).then((bell) => bell.cancelled());
      await Promise.all([other, talk(s, placed, s.answer(s.c), talkSeconds)]);
      return;
    }
  }
}

const EVER = '&startdate=2020-01-01%2000:00&enddate=';

/** Waits until nothing can come any more, asks both lists, stops the daemon and lets it verify its store. */
async function quiet({ endedAt }: Outcome): Promise<Pick<Evening, 'rows' | 'listed' | 'exit' | 'verify'>> {
  const ask = await logIn(setup);
  const rows = async (): Promise<Row[]> =>
    (JSON.parse(await ask(9006, EVER)) as { json_array_astcdrs: Row[] }).json_array_astcdrs;
  const listed = async (): Promise<Row[]> =>
    (JSON.parse(await ask(20053, EVER)) as { json_array_recordings: Row[] }).json_array_recordings;
  await eventually('quiet', QUIET_LIMIT_MS, async () => {
    await sleep(500);
    const metrics = await (await fetch(`${setup.url}/metrics`)).text();
    return /^cdrd_open_calls 0$/m.test(metrics) && performance.now() - endedAt > BEAT_MS;
  });
  const lists = { rows: await rows(), listed: await listed() };
  const exit = await daemon.stop();
  return { ...lists, exit, verify: await command(setup, 'verify') };
}

/** What Asterisk wrote, and what a copy of the stopped daemon's database holds. */
async function look(): Promise<Omit<Evening, 'outcome' | 'ms' | 'rows' | 'listed' | 'exit' | 'verify'>> {
  const { run, monitor, customCsv, masterCsv } = life.stage.asterisk;
  const lines = async (path: string): Promise<string[]> => (await readFile(path, 'utf8')).trimEnd().split('\n');
  const finished: string[] = [];
  const unfinished = new Map<string, number>();
  for (const path of await recordingsBelow(monitor)) {
    const sound = await listen(join(monitor, path)).catch(() => null);
    if (sound !== null && sound.rms > 0.02) finished.push(path);
    else unfinished.set(path, (await stat(join(monitor, path))).size);
  }
  const copy = join(run, 'copy');
  await mkdir(copy);
  for (const name of await readdir(setup.state))
    if (/^cdrd\.db(-wal)?$/.test(name)) await copyFile(join(setup.state, name), join(copy, name));
  const database = new sqlite.Database(join(copy, 'cdrd.db'));
  try {
    database.exec('PRAGMA locking_mode=EXCLUSIVE');
    const all = (sql: string): Row[] => database.all(sql) as Row[];
    const count = (sql: string): number => Number(Object.values(all(sql)[0] ?? {})[0]);
    return {
      records: (await lines(customCsv)).map(parseCsv),
      master: (await lines(masterCsv)).map(parseCsv),
      finished,
      unfinished,
      legs: all('SELECT * FROM leg'),
      openCalls: count('SELECT count(*) FROM call WHERE open = 1'),
      storedCalls: count('SELECT count(*) FROM call'),
      indexed: all('SELECT path, state, call_id FROM recording WHERE gone_at IS NULL'),
      unannounced: count(
        "SELECT count(*) FROM leg WHERE (SELECT count(*) FROM outbox WHERE kind = 'cdr' AND ref = leg.id) <> 1",
      ),
      csvFaults: count('SELECT count(*) FROM csv_fault'),
      integrity: String(Object.values(all('PRAGMA integrity_check')[0] ?? {})[0]),
    };
  } finally {
    database.close();
  }
}

/** The record's identity (guide-resolved) with its times in whole seconds; 0 = never answered. */
function identityOfRecord(cells: readonly string[]): string {
  const seconds = (cell: string | undefined): number => Math.floor(Number(cell));
  const [channel, dstchannel, lastapp, disposition, uniqueid, sequence] = [5, 6, 7, 14, 16, 25].map((i) => cells[i]);
  const times = [cells[9], cells[10], cells[11]].map(seconds);
  return [uniqueid, sequence, channel, dstchannel, ...times, lastapp, disposition].join(' | ');
}

function identityOfLeg(leg: Row): string {
  const columns = ['uniqueid', 'sequence', 'channel', 'dstchannel', 'start_at', 'answer_at', 'end_at', 'lastapp'];
  return [...columns.map((name) => leg[name] ?? 0), leg['disposition']].join(' | ');
}

const linkedIdOf = (cells: readonly string[]): string => cells[24] ?? '';

/** Relative path of the recording that a record names, or ''. */
function recordingOf(cells: readonly string[]): string {
  const path = cells[18] ?? '';
  return path === '' ? '' : `${path.slice(life.stage.asterisk.monitor.length + 1)}.wav`;
}

/** Equal lines together, whatever numbers stand in them. */
function tally(lines: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const line of lines) {
    const text = line.replace(/\d+\.?\d*/g, '#').slice(0, 300);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].map(([text, count]) => `${String(count).padStart(5)} × ${text}`).join('\n');
}

function printTable(e: Evening): void {
  const tied = e.indexed.filter((row) => row['call_id'] !== null).length;
  const figures: readonly (readonly [string, number | string])[] = [
    ['seed', SEED],
    ['calls placed', CALLS],
    ['  whole', e.outcome.whole.length],
    ["  cut by Asterisk's end", e.outcome.cut],
    ['kill -9 of the daemon', e.outcome.kills],
    ['restarts of Asterisk', e.outcome.deaths.length],
    ['records in cdrd.csv', e.records.length],
    ['records in Master.csv', e.master.length],
    ['legs', e.legs.length],
    ['  by CSV', e.legs.filter((leg) => Number(leg['sources']) & 2).length],
    ['  by AMI too', e.legs.filter((leg) => Number(leg['sources']) & 1).length],
    ['rows in 9006', e.rows.length],
    ['calls by LinkedID', new Set(e.records.map(linkedIdOf)).size],
    ['recordings finished, with sound', e.finished.length],
    ["  cut by Asterisk's end", e.unfinished.size],
    ['recordings in 20053', e.listed.length],
    ['recordings tied', tied],
    ['verify', e.verify.output.trim()],
    ['seconds in all', Math.round(e.ms / 1000)],
  ];
  const stray = [...e.unfinished].map(([path, size]) => {
    const row = e.indexed.find((each) => each['path'] === path);
    const shown = row === undefined ? 'not listed' : `listed as ${row['state']}, call ${row['call_id'] ?? 'none'}`;
    return `without an end: ${path}, ${size} bytes, ${shown}`;
  });
  console.log(
    figures
      .map(([name, value]) => `${name.padEnd(34)}${value}`)
      .concat(stray)
      .join('\n'),
  );
}
