/** A thread's garbage goes back when it rests, and is left alone while it works. */
import { fileURLToPath } from 'node:url';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { buildSync } from 'esbuild';
import { expect, onTestFinished, test } from 'vitest';
import { type Compaction, compactAtRest, growSlowly } from '../../storage/compaction.ts';

const physical = () => getHeapStatistics().total_physical_size;

function watched(options: Parameters<typeof compactAtRest>[0]): Compaction {
  const compaction = compactAtRest(options);
  onTestFinished(() => compaction.stop());
  return compaction;
}

/** Rests until it has happened. */
async function compacted(compaction: Compaction): Promise<void> {
  for (let looks = 0; compaction.lastMs === null && looks < 50; looks++)
    await new Promise((resolve) => setTimeout(resolve, 200));
  expect(compaction.lastMs).not.toBeNull();
}

/** Keeps some MB and makes garbage that has grown old by then, as a busy daemon does. Tells the most that its heap held, bytes. */
const BUSY = `
  const { parentPort } = require('node:worker_threads');
  const { getHeapStatistics } = require('node:v8');
  const kept = Array.from({ length: 60_000 }, (_, index) => ({ index, text: 'number ' + index, list: [index, index] }));
  const young = new Array(8_192).fill(null);
  let most = 0;
  for (let turn = 0; turn < 2_000_000; turn++) {
    young[turn % young.length] = { turn, text: 'turn ' + turn, list: [turn, turn, turn] };
    if (turn % young.length === 0) most = Math.max(most, getHeapStatistics().total_physical_size);
  }
  parentPort.postMessage({ most, kept: kept.length });`;

async function mostOfBusy(): Promise<number> {
  const thread = new Worker(BUSY, { eval: true, resourceLimits: { maxYoungGenerationSizeMb: 3 } });
  const { most } = await new Promise<{ most: number }>((resolve, reject) => {
    thread.once('message', resolve);
    thread.once('error', reject);
  });
  await thread.terminate();
  return most;
}

test('the heap of a thread that never rests grows by little', async () => {
  const left = await mostOfBusy();
  onTestFinished(() => setFlagsFromString('--no-optimize-for-size'));
  growSlowly();
  expect(await mostOfBusy()).toBeLessThan(left * 0.6);
});

test('garbage goes when the thread rests; what lives among it stays', async () => {
  // Of each page of the heap a little lives: without moving that together no page could go.
  const all = Array.from({ length: 400_000 }, (_, index) => ({ index, text: `number ${index}` }));
  const kept = all.filter(({ index }) => index % 500 === 0);
  all.length = 0;
  const before = physical();
  const compaction = watched({ restMs: 150, grownBytes: 0 });
  await compacted(compaction);
  expect(before - physical()).toBeGreaterThan(8 * 2 ** 20);
  expect(kept.every(({ index, text }) => text === `number ${index}`)).toBe(true);
});

test('a thread that works is left alone', async () => {
  const compaction = watched({ restMs: 150, grownBytes: 0 });
  const end = performance.now() + 800;
  while (performance.now() < end) {
    const pause = performance.now() + 15;
    while (performance.now() < pause); // of each 20 ms it works 15
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(compaction.lastMs).toBeNull();
});

test('a heap that has not grown since the last time is left alone', async () => {
  const compaction = watched({ restMs: 150, grownBytes: 0 });
  await compacted(compaction);
  compaction.stop();
  const none = watched({ restMs: 150, grownBytes: 2 ** 40 });
  await new Promise((resolve) => setTimeout(resolve, 800));
  expect(none.lastMs).toBeNull();
});

/** Rests and is compacted thirty times, each time with a fresh watch. */
const RESTS = `
  const { compactAtRest } = require('compaction');
  const { parentPort } = require('node:worker_threads');
  const { setTimeout: sleep } = require('node:timers/promises');
  (async () => {
    let done = 0;
    for (let round = 0; round < 30; round++) {
      const compaction = compactAtRest({ restMs: 10, grownBytes: -(2 ** 40) });
      for (let looks = 0; compaction.lastMs === null && looks < 400; looks++) await sleep(5);
      if (compaction.lastMs !== null) done++;
      compaction.stop();
    }
    parentPort.postMessage(done);
  })();`;

test('threads that rest at the same time are compacted side by side', async () => {
  const [bundle] = buildSync({
    stdin: { contents: RESTS, resolveDir: '/' },
    alias: { compaction: fileURLToPath(new URL('../../storage/compaction.ts', import.meta.url)) },
    ...{ bundle: true, platform: 'node', format: 'cjs', write: false },
  }).outputFiles;
  const rests = Array.from({ length: 3 }, async () => {
    const thread = new Worker(bundle?.text ?? '', { eval: true });
    onTestFinished(async () => void (await thread.terminate()));
    return new Promise((resolve, reject) => {
      thread.once('message', resolve);
      thread.once('error', reject);
    });
  });
  expect(await Promise.all(rests)).toEqual([30, 30, 30]);
});
