/**
 * Proof by kill: the daemon as it ships dies in every stage of every kind of commit, and what it had acknowledged is
 * there, once, when it is started again as if nothing had happened. A run without kills tells which stages there are; one
 * that no round then touches fails the test. CDRD_TEST_SEED chooses other places within the stages.
 */
import { cpSync, existsSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Random, seededRandom } from '../simulator/random.ts';
import { atFileEnd, temporaryFolder } from '../support/folder.ts';
import { audit } from './audit.ts';
import { until } from './box.ts';
import { buildSlowDisk, HOWS, type How, killAt, type Operation } from './disk.ts';
import { copyOf } from './peer.ts';
import {
  ACTS,
  type Act,
  acknowledge,
  allClosed,
  allStored,
  begin,
  call,
  openScene,
  ready,
  record,
  type Scene,
  shown,
  stop,
  type Template,
} from './scene.ts';
import { commitOf, EVERY_COMMIT, stageOf, waysOf } from './stage.ts';

const SEED = Number(process.env['CDRD_TEST_SEED'] ?? 20261124);
/** Scenes at a time: each waits for most of its life until calls that a kill left open are over. */
const AT_ONCE = 14;
/** The template's WAL ends here, bytes: SQLite checkpoints at 1,000 pages, which is 4,120,032. */
const LONG_WAL = 3_500_000;
/** Calls to get there: about ten pages each. */
const LONG_CALLS_MOST = 250;
/** Scenes under load, and kills of each, one after the other on the same store. */
const LOADS = 2;
const KILLS_OF_A_LOAD = 4;
/** Seconds that an act's last operation may still be under way when the act is seen to be done. */
const LAST_SECONDS = 3;
/** Of a round in which nothing happened. */
const NOTHING = { losses: [], doubles: [], faults: [] };
/** Further rounds for stages that none has touched. */
const MORE_ROUNDS = 4;
/** Operations until a kill under load: a few commits, up to a few dozen. */
const LOAD_OPERATIONS = { first: 20, last: 900 };

interface Stage {
  readonly name: string;
  readonly act: Act;
  readonly places: Place[];
}

/** Where a kill may fall: an operation, the how-many-th of its kind and path it is in the act, and the way. */
interface Place {
  readonly operation: Operation;
  readonly nth: number;
  readonly how: How;
}

interface Outcome {
  readonly stage: string;
  readonly losses: readonly string[];
  readonly doubles: readonly string[];
  readonly faults: readonly string[];
}

const templates = new Map<Act['from'], Template | null>([['nothing', null]]);
let root = '';
let rooms = 0;
const room = () => join(root, `room-${++rooms}`);

const atEnd = atFileEnd();
beforeAll(async () => {
  buildSlowDisk();
  root = temporaryFolder(atEnd);
  await inParallel([() => makeTemplate('few', fewCalls), () => makeTemplate('long', longWal)]);
}, 120_000);

async function makeTemplate(name: Act['from'], fill: (scene: Scene) => Promise<void>): Promise<void> {
  await inScene(null, async (scene) => {
    begin(scene, 'plain');
    await ready(scene);
    await fill(scene);
    const place = { ...scene.place, root: join(root, name) };
    cpSync(scene.place.root, place.root, {
      recursive: true,
      preserveTimestamps: true,
      filter: (path) => !path.includes('/run'),
    });
    templates.set(name, { place, ledger: copyOf(scene.ledger) });
  });
}

async function fewCalls(scene: Scene): Promise<void> {
  await record(scene);
  call(scene, 4);
  await allStored(scene);
  await allClosed(scene);
  await stop(scene);
}

async function longWal(scene: Scene): Promise<void> {
  const wal = join(scene.place.state, 'cdrd.db-wal');
  for (let calls = 0; statSync(wal).size < LONG_WAL; calls++) {
    if (calls === LONG_CALLS_MOST) throw new Error('the WAL does not grow');
    call(scene);
    await allStored(scene);
  }
  await allClosed(scene);
  scene.life.box.signal('SIGKILL');
  await scene.life.box.ended;
}

async function inScene<T>(template: Template | null, play: (scene: Scene) => Promise<T>): Promise<T> {
  const scene = await openScene(room(), template);
  try {
    return await play(scene);
  } finally {
    await scene.close();
    rmSync(scene.place.root, { recursive: true, force: true });
  }
}

/**
 * Plays the act up to its end, on a disk that does as `plan` says from its begin on.
 * @returns what gives the act's operations up to now: its last may still be under way.
 */
async function play(scene: Scene, act: Act, plan: string): Promise<() => readonly Operation[]> {
  if (!act.prepare) scene.disk.plan(plan);
  const { box } = begin(scene, 'failing');
  if (act.prepare) {
    await ready(scene);
    await act.prepare(scene);
  }
  const mark = act.prepare ? scene.disk.read().operations.length : 0;
  if (act.prepare) scene.disk.plan(plan);
  // A kill ends the act wherever it stands: then its own complaint means nothing.
  const failed = await Promise.race([act.perform(scene).then(() => null), box.ended.then(() => null)]).catch(
    (error: Error) => error,
  );
  if (failed && (plan === '' || !(await isKilled(scene)))) throw failed;
  return () => scene.disk.read().operations.slice(mark);
}

/** A run without a kill: which stages the act has, and where. */
async function survey(act: Act): Promise<Stage[]> {
  const operations = await inScene(templates.get(act.from) ?? null, async (scene) => (await play(scene, act, ''))());
  const stages = new Map<string, Stage>();
  operations.forEach((operation, index) => {
    const words = wordsOf(act, operations, index);
    if (words === null) return;
    const nth = operations.slice(0, index + 1).filter((other) => same(other, operation)).length;
    for (const how of waysOf(operation)) {
      const name = stageName(act, words, how);
      const stage = stages.get(name) ?? { name, act, places: [] };
      stage.places.push({ operation, nth, how });
      stages.set(name, stage);
    }
  });
  return [...stages.values()].map(({ places, ...stage }) => ({ ...stage, places: places.slice(0, sure(act, places)) }));
}

/** How many of a stage's places every run has: a checkpoint's pages depend on how the records before it were grouped. */
function sure(act: Act, { length }: { readonly length: number }): number {
  return act.from === 'long' ? Math.ceil(length / 2) : length;
}

/** The stage of an operation of the act; null where it belongs to no stage, or to another act's. */
function wordsOf(act: Act, operations: readonly Operation[], index: number): string | null {
  const words = stageOf(operations, index);
  if (words === null || (act.stages === 'own' && EVERY_COMMIT.test(words))) return null;
  return commitOf(operations, index) < (act.after ?? 0) ? null : words;
}

function same(a: Operation, b: Operation): boolean {
  return a.kind === b.kind && a.path === b.path;
}

function stageName(act: Act, words: string, how: How): string {
  return `${act.name} · ${words}${act.everyWay ? ` · ${how}` : ''}`;
}

/** Kills in one stage, starts again, and looks. */
async function killIn(stage: Stage, { operation, nth, how }: Place): Promise<Outcome> {
  return inScene(templates.get(stage.act.from) ?? null, async (scene) => {
    const plan = killAt(operation, scene.place.state, nth, how);
    const played = await play(scene, stage.act, plan);
    // The act is over, or the daemon is: a kill that has not come by now won't come at all.
    if (!(await isKilled(scene))) return { stage: `${stage.act.name} · the place never came`, ...NOTHING };
    await died(scene, how);
    const operations = played();
    const words = wordsOf(stage.act, operations, operations.length - 1);
    const name = words === null ? `${stage.act.name} · elsewhere` : stageName(stage.act, words, how);
    const sent = [...scene.ledger.sent];
    const { records, ...outcome } = await lookAfter(scene, name);
    // Beyond the fsync a record is durable, whether or not anybody could be told.
    const synced = (words === 'WAL: fsync' && how === 'after') || words === 'WAL: rest after the fsync';
    const gone = synced && stage.act.name === 'record' ? sent.filter((each) => !records.has(each)) : [];
    return { ...outcome, losses: [...outcome.losses, ...gone.map((each) => `synced and gone: ${each}`)] };
  });
}

/** Whether the act's last operation was its end. */
async function isKilled(scene: Scene): Promise<boolean> {
  const dead = until('the last operation', () => scene.life.dead, LAST_SECONDS);
  return dead.catch(() => false);
}

/** Waits for the end that the disk was told to bring. @throws when it never came. */
async function died(scene: Scene, how: How): Promise<void> {
  await until('the disk kills the daemon', () => scene.life.dead, 30);
  const { signal } = await scene.life.box.ended;
  const { killed } = scene.disk.read();
  if (signal !== 'SIGKILL' || killed !== how) throw new Error(`it ended by itself: ${scene.life.box.log()}`);
}

/** What the kill left; what a start by itself makes of it; what stays when that daemon has stopped. */
async function lookAfter(scene: Scene, stage: string): Promise<Outcome & { records: ReadonlySet<string> }> {
  const { ledger, place } = scene;
  const left = audit(place, ledger);
  begin(scene, 'plain');
  await ready(scene);
  call(scene);
  await allStored(scene);
  await allClosed(scene);
  const { calls, recordings } = await until(
    'the recordings are shown again',
    async () => {
      const now = await shown(scene);
      return ledger.written.every((path) => now.recordings.includes(path)) && now;
    },
    30,
  );
  await stop(scene);
  const stays = audit(place, ledger, recordings);
  const faults = [...left.faults, ...stays.faults];
  if (stays.open > 0) faults.push(`${stays.open} calls stay open`);
  if (calls.length !== stays.calls) faults.push(`9006 shows ${calls.length} calls of ${stays.calls}`);
  if (existsSync(join(place.state, 'cdrd.db.lock'))) faults.push('the lock stays');
  return {
    stage,
    losses: [...left.losses, ...stays.losses],
    doubles: [...left.doubles, ...stays.doubles],
    faults: faults.map((fault) => `${stage}: ${fault}`),
    records: left.records,
  };
}

/** Calls and recordings in quick succession while the daemon dies again and again at operations of chance. */
async function killUnderLoad(random: Random): Promise<Outcome[]> {
  return inScene(templates.get('long') ?? null, async (scene) => {
    const outcomes: Outcome[] = [];
    for (let kill = 0; kill < KILLS_OF_A_LOAD; kill++) {
      scene.disk.plan('');
      begin(scene, 'failing');
      await ready(scene);
      const at = random.whole(LOAD_OPERATIONS.first, LOAD_OPERATIONS.last);
      const how = random.pick(HOWS);
      scene.disk.plan(`kill any any ${at} ${how}\n`);
      await until(
        'the disk kills the daemon under load',
        async () => {
          if (scene.life.dead) return true;
          call(scene, random.whole(1, 3));
          await acknowledge(scene);
          return false;
        },
        60,
      );
      await died(scene, how);
      const { losses, doubles, faults } = audit(scene.place, scene.ledger);
      outcomes.push({ stage: 'under load · wherever', losses, doubles, faults });
    }
    return [...outcomes, await lookAfter(scene, 'under load · started again')];
  });
}

/** Does all of them, so many at a time, and throws the first error only when none runs any more. */
async function inParallel<T>(works: readonly (() => Promise<T>)[]): Promise<T[]> {
  const results: T[] = [];
  const errors: unknown[] = [];
  const queue = [...works];
  const worker = async () => {
    for (let work = queue.shift(); work; work = queue.shift())
      await work().then(
        (result) => results.push(result),
        (error: unknown) => errors.push(error),
      );
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  if (errors.length > 0) throw errors[0];
  return results;
}

/** A round that can't even be played to its end is a fault of its stage, and the others go on. */
function round(stage: string, play: () => Promise<Outcome[]>): () => Promise<Outcome[]> {
  return () =>
    play().catch((error: Error) => [
      { stage: `${stage} (broken off)`, losses: [], doubles: [], faults: [`${stage}: ${error.message}`] },
    ]);
}

describe('killed in every stage of a commit', () => {
  test('it opens by itself, nothing acknowledged is missing, nothing is there twice', {
    timeout: 240_000,
  }, async () => {
    const stages = (await inParallel(ACTS.map((act) => () => survey(act)))).flat();
    expect(stages.length).toBeGreaterThan(40);
    // Drawn before anything runs: the same seed gives the same kills, whichever round is quicker.
    const random = seededRandom(SEED);
    const roundIn = (stage: Stage) => {
      const place = random.pick(stage.places);
      const { operation, nth, how } = place;
      return round(`${stage.name}: ${how} ${operation.kind} ${nth} of ${operation.path}`, async () => [
        await killIn(stage, place),
      ]);
    };
    const rounds = stages.map(roundIn);
    const loads = Array.from({ length: LOADS }, (_, load) =>
      round('under load', () => killUnderLoad(seededRandom(SEED + load))),
    );
    const outcomes = (await inParallel([...loads, ...rounds])).flat();
    const untouched = () => {
      const touched = new Set(outcomes.map(({ stage }) => stage));
      return stages.filter(({ name }) => !touched.has(name));
    };
    // Which records and ends of calls share a commit before the act depends on the moment, and with it where the log stands
    // and how the act's last page is cut: a kill may fall into the stage beside the one meant. What that round showed counts
    // like any other, and the stage is looked for anew.
    for (let more = 0; more < MORE_ROUNDS && untouched().length > 0; more++) {
      const acts = [...new Set(untouched().map(({ act }) => act))];
      const found = (await inParallel(acts.map((act) => () => survey(act)))).flat();
      const wanted = untouched().map(({ name }) => found.find((stage) => stage.name === name));
      outcomes.push(...(await inParallel(wanted.flatMap((stage) => (stage ? [roundIn(stage)] : [])))).flat());
    }
    print(outcomes);
    expect({
      losses: outcomes.flatMap(({ losses }) => losses),
      doubles: outcomes.flatMap(({ doubles }) => doubles),
      faults: outcomes.flatMap(({ faults }) => faults),
      untouched: untouched().map(({ name }) => name),
    }).toEqual({ losses: [], doubles: [], faults: [], untouched: [] });
  });
});

/** Stage, rounds, losses and doubles, a line each. */
function print(outcomes: readonly Outcome[]): void {
  const names = [...new Set(outcomes.map(({ stage }) => stage))].sort();
  const lines = names.map((name) => {
    const own = outcomes.filter(({ stage }) => stage === name);
    const sum = (of: (outcome: Outcome) => readonly string[]) => own.flatMap(of).length;
    const counts = [
      own.length,
      sum(({ losses }) => losses),
      sum(({ doubles }) => doubles),
      sum(({ faults }) => faults),
    ];
    return `${name.padEnd(58)}${counts.map((count) => String(count).padStart(8)).join('')}`;
  });
  const head = `${'stage'.padEnd(58)}${['rounds', 'losses', 'doubles', 'faults'].map((word) => word.padStart(8)).join('')}`;
  console.log(
    `seed ${SEED}, ${outcomes.length} times looked into a store after a kill\n${[head, ...lines].join('\n')}`,
  );
}
