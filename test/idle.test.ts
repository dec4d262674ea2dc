/** Upkeep comes when the store is idle, goes on while there is something to do, and ends with the daemon. */
import { expect, onTestFinished, test } from 'vitest';
import { createBus } from '../daemon/bus.ts';
import { startIdleWork } from '../daemon/idle.ts';
import { createLog } from '../daemon/log.ts';
import { StoreError } from '../storage/errors.ts';
import { openStoreHere } from '../storage/here.ts';
import { eventually } from './support/daemon.ts';
import { emptyStore } from './support/empty-store.ts';
import { temporaryFolder } from './support/folder.ts';
import { leg, storeOptions } from './support/legs.ts';

function fakeStore(pieces: number) {
  const state = { pieces, depth: 0, steps: 0, fault: null as Error | null };
  const store = {
    depth: () => state.depth,
    async work() {
      state.steps += 1;
      if (state.fault) throw state.fault;
      if (state.pieces === 0) return false;
      state.pieces -= 1;
      return true;
    },
  };
  const bus = createBus();
  const log: string[] = [];
  const idle = startIdleWork({
    store: store as never,
    bus,
    log: createLog({ level: 'info', write: (line) => log.push(line), terminal: false }),
    limits: { everyMs: 5, busyMs: 100 },
  });
  onTestFinished(() => idle.stop());
  return { state, bus, idle, log };
}
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('what an earlier run left is merged at start, and then nothing is asked until calls come', async () => {
  const { state, bus } = fakeStore(3);
  await eventually(() => state.pieces === 0 && state.steps === 4);
  await pause(60);
  expect(state.steps).toBe(4);
  bus.emit('calls', [1]);
  await eventually(() => state.steps === 5);
});

test('while the store is busy a step comes only now and then', async () => {
  const { state } = fakeStore(1_000);
  state.depth = 1;
  await pause(350);
  expect(state.steps).toBeGreaterThan(0);
  expect(state.steps).toBeLessThan(5);
  state.depth = 0;
  const { steps } = state;
  await eventually(() => state.steps > steps + 5);
});

test('a step that fails is told and tried again with the next calls; none comes after the end', async () => {
  const { state, bus, idle, log } = fakeStore(5);
  state.fault = new StoreError('disk_full', 'no room');
  await eventually(() => log.length === 1);
  expect(log[0]).toContain('no room');
  state.fault = null;
  bus.emit('calls', [1]);
  await eventually(() => state.pieces === 0);
  await idle.stop();
  const { steps } = state;
  bus.emit('calls', [2]);
  await pause(30);
  expect(state.steps).toBe(steps);
});

test('over a real store it ends, and calls are found as before', async () => {
  const store = openStoreHere(emptyStore(storeOptions(temporaryFolder())));
  const bus = createBus();
  const idle = startIdleWork({ store, bus, log: createLog({ level: 'warn' }), limits: { everyMs: 1, busyMs: 1 } });
  onTestFinished(async () => {
    await idle.stop();
    await store.close();
  });
  for (let index = 0; index < 60; index++) {
    const record = leg(1_619_082_110 + index * 60, {
      source: `0305551${100 + index}`,
      uniqueId: `${index}.1`,
      linkedId: null,
    });
    await store.write({ kind: 'leg', leg: record, source: 'ami' });
    bus.emit('calls', (await store.write({ kind: 'close', group: record.uniqueId })).calls);
  }
  await eventually(async () => !(await store.work('searchMerge')));
  let rows = 0;
  const filter = { start: {}, src: [{ kind: 'wildcard', pattern: '*55115*' } as const] };
  for await (const step of store.count('call', filter)) rows += step.rows;
  expect(rows).toBe(10);
});
