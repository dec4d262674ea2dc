/**
 * How each cost grows with the store, from 10 k calls to 10 M: a request's cost shall follow its answer. A day has as many
 * calls in each store. The exponent of the power law that fits is printed with its word.
 */
import { once } from 'node:events';
import { join } from 'node:path';
import { until } from '../fault/box.ts';
import { emptyLedger, nextCall, startPeer } from '../fault/peer.ts';
import { exponent, growthWord, isSettled, spreadOf } from './arithmetic.ts';
import { dayTarget } from './calls.ts';
import { LARGE } from './large.ts';
import { listen, openAmi } from './listener.ts';
import { memoryOf } from './measure.ts';
import type { Row } from './row.ts';
import { ALWAYS, ask, DAY, onCopy, openStage, ROUNDS, SIZES, type Stage } from './stage.ts';
import { startOnce } from './start.ts';

const STORES = [10_000, 100_000, SIZES.calls, LARGE.calls];
const RECORDS = 200;
const IDLE_MS = 3_000;
/** So much steeper than its answer grows, and no more: a logarithm has 0.08, and measuring has its errors. */
const STEEPER = 0.2;

/** 9006 shows the newest hundred; the total counts all that match, which more calls make more. */
const REQUESTS: Readonly<Record<string, string>> = {
  "9006, a day's report": dayTarget(DAY),
  'exact number, newest 100': `9006?${ALWAYS}&src=200&limit=100&nototal=1`,
  'exact number, newest 100 and count': `9006?${ALWAYS}&src=200&limit=100`,
  '*12345*, newest 100 and count': `9006?${ALWAYS}&src=*12345*&limit=100`,
  '*12*, newest 100': `9006?${ALWAYS}&src=*12*&limit=100&nototal=1`,
  '*12*, newest 100 and count': `9006?${ALWAYS}&src=*12*&limit=100`,
  '30002, totals of a year': '30002?&startdate=2021-01-01%2000:00&enddate=2021-12-31%2023:59&by=day,disposition,trunk',
};

interface Cost {
  readonly unit: 'ms' | 'MiB';
  readonly value: number;
  /** Bytes of the answer. */
  readonly bytes: number;
}

type Costs = ReadonlyMap<string, Cost>;

export async function growthRows(): Promise<Row[]> {
  const measured: (readonly [calls: number, Costs])[] = [];
  for (const calls of STORES) {
    // What is away isn't looked through: a start is then the store's alone.
    const recordings = Math.min(SIZES.recordings, calls / 10);
    const sizes = calls < SIZES.calls ? { calls, recordings, files: 0 } : { ...SIZES, calls };
    await onCopy(async (store, place) => {
      const costs = new Map<string, Cost>();
      const cost = (name: string, unit: Cost['unit'], value: number) => costs.set(name, { unit, value, bytes: 1 });
      await startOnce(place, place.recordings); // the first start of a store makes accounts, keys and certificates
      const starts: number[] = [];
      for (let round = 0; round < 5; round++) starts.push(await startOnce(place, place.recordings));
      cost('start to /healthz ok', 'ms', spreadOf(starts).median);
      const peer = await startPeer(emptyLedger());
      const stage = await openStage(store, place, { pbx: peer.port });
      try {
        for (const [name, target] of Object.entries(REQUESTS)) costs.set(name, await asked(stage, target));
        await pause(IDLE_MS);
        cost('memory (RSS) after these', 'MiB', memoryOf(stage.box.pid).rss);
        cost('ingest, one by one: record to event', 'ms', await ingest(stage, peer));
      } finally {
        await stage.close();
        await peer.close();
      }
      measured.push([calls, costs]);
      return [];
    }, sizes);
  }
  const names = [...(measured[0]?.[1].keys() ?? [])];
  return names.map((name) => row(name, measured));
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function asked(stage: Stage, target: string): Promise<Cost> {
  const run = ask(stage, target);
  const { bytes } = await run(false);
  const times: number[] = [];
  for (let round = 0; round < ROUNDS.short && !isSettled(times); round++) times.push((await run(false)).ms);
  return { unit: 'ms', value: spreadOf(times).median, bytes };
}

/** Each record is sent when the one before has been told of. */
async function ingest({ box, place }: Stage, peer: Awaited<ReturnType<typeof startPeer>>): Promise<number> {
  await until('the PBX has a listener', () => peer.up, 30);
  const ledger = emptyLedger();
  let heard = (): void => {};
  const socket = await listen(await openAmi(box, join(place.root, 'run')), () => heard());
  const times: number[] = [];
  for (let record = 0; record < RECORDS; record++) {
    const told = new Promise<void>((resolve) => {
      heard = resolve;
    });
    const begun = performance.now();
    peer.send(nextCall(ledger).slice(-1));
    await told;
    times.push(performance.now() - begun);
  }
  socket.destroy();
  await once(socket, 'close');
  return spreadOf(times).median;
}

function row(name: string, measured: readonly (readonly [calls: number, Costs])[]): Row {
  const of = (take: (cost: Cost) => number) =>
    measured.map(([calls, costs]) => {
      const cost = costs.get(name);
      return [calls, cost ? take(cost) : Number.NaN] as const;
    });
  const points = of(({ value }) => value);
  const [e, answer] = [exponent(points), exponent(of(({ bytes }) => bytes))];
  const unit = measured[0]?.[1].get(name)?.unit ?? '';
  const values = points.map(([, value]) => value.toFixed(value < 10 ? 1 : 0)).join(', ');
  const own = answer > 0.05 ? `, its answer ${answer.toFixed(2)}` : '';
  return {
    name: `growth: ${name}`,
    short: `${growthWord(e)} (${e.toFixed(2)}${own}): ${values} ${unit}`,
    result: `${growthWord(e)}, exponent ${e.toFixed(2)}${own}: ${values} ${unit} at ${points.map(([calls]) => calls.toLocaleString('en')).join(', ')} calls`,
    aim: 'as its answer',
    met: e - answer < STEEPER,
    figures: { points, exponent: e, answer },
  };
}
