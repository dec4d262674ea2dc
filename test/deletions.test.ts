/** The runner behind deletions: who waits, what a refusing disk or a stop leaves, what expires; and the whole daemon once. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { createBus } from '../daemon/bus.ts';
import { createCallDeletions } from '../daemon/jobs.ts';
import { jobLimits } from '../daemon/limits.ts';
import { createLog } from '../daemon/log.ts';
import type { StoreClient } from '../storage/client.ts';
import { StoreError } from '../storage/errors.ts';
import { openStoreHere } from '../storage/here.ts';
import { zone } from '../storage/model/local-time.ts';
import type { Deletion } from '../storage/store.ts';
import { countOf, put, rowsOf, shut } from './storage/helper.ts';
import { eventually, startDaemon } from './support/daemon.ts';
import { emptyStore } from './support/empty-store.ts';
import { temporaryFolder } from './support/folder.ts';
import { leg, storeOptions } from './support/legs.ts';

const NOON = 1_619_082_110;
const CALLS = 2_500;
const BY = { who: 'admin', address: '192.0.2.7' };
const EVERY = { start: {} };
/** 2026-11-26, and 1970, where a box without a clock battery wakes. */
const NOW = 1_795_689_600;
const UNSET = 1_000;

/** A store with more calls than a step takes. Between two steps timers run, as they do beside a worker. */
async function filled(): Promise<StoreClient> {
  const store = openStoreHere(emptyStore(storeOptions(temporaryFolder())));
  onTestFinished(() => store.close());
  const many = Array.from({ length: CALLS }, (_, index) =>
    leg(NOON + index, { uniqueId: `${NOON}.${index}`, linkedId: `${NOON}.${index}` }),
  );
  await Promise.all(many.map((each) => put(store, each)));
  await Promise.all(many.map((each) => shut(store, each)));
  return {
    ...store,
    async step(step) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      return store.step(step);
    },
  };
}

function runnerOn(store: StoreClient, clock: { at: number } = { at: NOW }) {
  const bus = createBus();
  let told = 0;
  bus.on('calls', (sequences) => {
    told += sequences.length;
  });
  const runner = createCallDeletions({
    store,
    bus,
    log: createLog({ level: 'error', write: () => {}, terminal: false }),
    zone: zone('Etc/GMT+8'),
    trash: { seconds: () => 7 * 86_400, skip: () => false },
    now: () => clock.at,
    limits: { ...jobLimits, againMs: 20, idleMs: 1, roomMs: 10 },
  });
  onTestFinished(() => runner.close());
  return { ...runner, told: () => told };
}

const shown = (store: StoreClient) => countOf(store, 'call', EVERY);
const stateOf = async (store: StoreClient, { token }: Deletion) => (await store.ask('deletion', token))?.state;

describe('who asks for a deletion', () => {
  test('waits for its end, and no longer than it likes', async () => {
    const store = await filled();
    const runner = runnerOn(store);
    const soon = await runner.begin(EVERY, BY, 0);
    expect(soon.state).toBe('deleting');
    const [again, undone] = await Promise.all([runner.begin(EVERY, BY, 60_000), runner.undo(soon.token, BY, 60_000)]);
    expect([again.state, undone?.state]).toEqual(['deleted', 'restored']);
    expect(undone?.progress).toMatchObject({ done: undone?.count });
    // One after the other: what the first hadn't taken when it was undone, the second took, and no call twice.
    expect(await shown(store)).toBe(CALLS - again.count);
    expect(runner.told()).toBe(again.count + 2 * (undone?.count ?? 0));
    expect(await runner.undo('nobody has this', BY, 0)).toBeNull();
  });

  test('is told at once when the disk refuses, and it is gone on with when the disk is better', async () => {
    const store = await filled();
    let full = true;
    const refusing: StoreClient = {
      ...store,
      step: (step) => (full ? Promise.reject(new StoreError('disk_full', 'the disk is full')) : store.step(step)),
    };
    const runner = runnerOn(refusing);
    const refusal = await runner.begin(EVERY, BY, 60_000).catch((error: unknown) => error);
    const [begun] = await store.ask('unfinishedDeletions');
    if (!begun) throw new Error('no deletion has begun');
    expect(begun).toMatchObject({ state: 'deleting', count: 0 });
    expect(refusal).toMatchObject({ code: 'disk_full', message: expect.stringContaining(`undo=${begun.token} tells`) });
    expect(await shown(store)).toBe(CALLS);
    full = false;
    await eventually(async () => (await stateOf(store, begun)) === 'deleted');
    expect(await shown(store)).toBe(0);
  });

  test('is told how far it has come when the daemon stops, and the next goes on with it', async () => {
    const store = await filled();
    const first = runnerOn(store);
    const asked = first.begin(EVERY, BY, 60_000);
    await eventually(async () => (await store.ask('unfinishedDeletions')).length === 1);
    await first.close();
    const begun = await asked;
    expect(begun.state).toBe('deleting');
    expect(await shown(store)).toBeGreaterThan(0);
    const second = runnerOn(store);
    await second.begun();
    await eventually(async () => (await stateOf(store, begun)) === 'deleted');
    expect((await store.ask('deletion', begun.token))?.count).toBe(CALLS);
  });
});

describe('what lies in the trash', () => {
  test('is erased when its time is over, and can be undone no more', async () => {
    const store = await filled();
    const clock = { at: NOW };
    const runner = runnerOn(store, clock);
    const deletion = await runner.begin(EVERY, BY, 60_000);
    expect(deletion.expiresAt).toBe(NOW + 7 * 86_400);
    await runner.expire(deletion.expiresAt - 1);
    expect(await stateOf(store, deletion)).toBe('deleted');
    await runner.expire(deletion.expiresAt);
    await eventually(async () => (await stateOf(store, deletion)) === 'erased');
    await expect(runner.undo(deletion.token, BY, 0)).rejects.toMatchObject({ code: 'conflict', parameter: 'undo' });
    expect(await store.ask('trace', `${NOON}.7`)).toEqual([]);
    const [erased, erase] = (await store.ask('auditEntries', { before: null, limit: 2 })).entries;
    expect(erase).toMatchObject({ who: 'cdrd', action: 'calls.erase', detail: { count: CALLS, deleted_by: 'admin' } });
    expect(erased).toMatchObject({ who: 'cdrd', action: 'calls.erased', detail: { count: CALLS } });
    // The file gives back what it no longer needs.
    await eventually(
      async () => (await store.step({ kind: 'vacuum', keep: 1e9 })).freePages <= jobLimits.freePagesKept,
    );
  });

  test.each([
    ['has not been set', UNSET],
    ['is years ahead', NOW + 20_000 * 86_400],
  ])(
    'does not expire by a clock that %s, neither then nor when it is right: its time begins there',
    async (_, wrong) => {
      const store = await filled();
      const runner = runnerOn(store, { at: wrong });
      const deletion = await runner.begin(EVERY, BY, 60_000);
      for (const at of [0, UNSET + 8 * 86_400, NOW, NOW + 7 * 86_400 - 1]) {
        await runner.expire(at);
        expect(await stateOf(store, deletion)).toBe('deleted');
      }
      expect((await store.ask('deletion', deletion.token))?.expiresAt).toBe(NOW + 7 * 86_400);
      await runner.expire(NOW + 7 * 86_400);
      await eventually(async () => (await stateOf(store, deletion)) === 'erased');
    },
  );
});

test('a full disk takes the trash before its time, the oldest first, and no more than it needs', async () => {
  const store = await filled();
  let state: 'ok' | 'full' = 'ok';
  const runner = runnerOn({
    ...store,
    get disk() {
      return { ...store.disk, state };
    },
    async step(step) {
      const done = await store.step(step);
      if (done.stepped?.deletion.state === 'erased') state = 'ok'; // that was enough
      return done;
    },
  });
  await runner.begun();
  const some = (to: number) => runner.begin({ start: { to } }, BY, 60_000);
  const [first, second] = [await some(NOON + 99), await some(NOON + 199)];
  expect([first.count, second.count]).toEqual([100, 100]);
  state = 'full';
  await eventually(async () => (await stateOf(store, first)) === 'erased');
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(await stateOf(store, second)).toBe('deleted');
  const lines = (await store.ask('auditEntries', { before: null, limit: 2 })).entries;
  expect(lines.map(({ action }) => action)).toEqual(['calls.erased', 'calls.erase']);
  expect(lines[1]).toMatchObject({ who: 'cdrd', detail: { because: 'the disk is full', deleted_by: 'admin' } });
  expect((await runner.undo(second.token, BY, 60_000))?.state).toBe('restored');
});

test('a full disk takes no trash while all of it would not make the room, and no more when others take what it gave', async () => {
  const store = await filled();
  const disk = { state: 'full' as 'ok' | 'full', free: 0, reserve: 1_000_000 };
  let looks = 0;
  const runner = runnerOn({
    ...store,
    get disk() {
      looks += 1;
      return { ...store.disk, ...disk };
    },
  });
  const looked = async () => {
    const before = looks;
    await eventually(() => looks > before + 10);
  };
  const some = (to: number) => runner.begin({ start: { to } }, BY, 60_000);
  const [first, second] = [await some(NOON + 99), await some(NOON + 199)];
  await runner.begun();
  // The state is over when a quarter more than the reserve is free; a call gives 400 bytes.
  disk.free = 1_250_000 - 200 * 400 - 1;
  await looked();
  expect([await stateOf(store, first), await stateOf(store, second)]).toEqual(['deleted', 'deleted']);
  disk.free += 1;
  await eventually(async () => (await stateOf(store, first)) === 'erased');
  await looked();
  expect(await stateOf(store, second)).toBe('deleted');
});

test('the whole daemon deletes, is stopped, and undoes', async () => {
  const folder = temporaryFolder();
  const first = await startDaemon({}, { folder });
  const now = Math.floor(Date.now() / 1000) - 60;
  for (const each of [leg(now), leg(now + 1, { source: '206' })]) {
    await put(first.store, each);
    await shut(first.store, each);
  }
  const { undo, deleted } = await first.json('/cgi/webserve/9004?&src=205&startdate=2020-01-01 00:00');
  expect(deleted).toBe(1);
  await first.close();
  const second = await startDaemon({}, { folder });
  const report = async () =>
    ((await second.json('/cgi/webserve/9006?&startdate=2020-01-01 00:00'))['json_array_astcdrs'] as { src: string }[])
      .map(({ src }) => src)
      .sort();
  expect(await report()).toEqual(['206']);
  expect(await second.json(`/cgi/webserve/30003?&undo=${undo}`)).toEqual({ result: 'success', restored: 1 });
  expect(await report()).toEqual(['205', '206']);
  expect(await rowsOf(second.store, 'call', [['src', 'src']])).toHaveLength(2);
});
