/** What retention asks of the store: walks along age in bounded steps, and marks that nothing removes. */
import { expect, onTestFinished, test } from 'vitest';
import type { StoreClient } from '../../storage/client.ts';
import { openStoreHere } from '../../storage/here.ts';
import type { AgeRange, CallWalk } from '../../storage/store.ts';
import { emptyStore } from '../support/empty-store.ts';
import { temporaryFolder } from '../support/folder.ts';
import { FIRST_MEDIUM, leg, storeOptions } from '../support/legs.ts';
import { countOf, put, rowsOf, shut } from './helper.ts';

const START = 1_619_082_110;
const AUDIT = { who: 'admin', address: '192.0.2.7', action: 'recordings.keep', detail: {} };
const EVER: AgeRange = { medium: FIRST_MEDIUM, from: 0, before: 1e12, after: null };

function fresh(): StoreClient {
  const store = openStoreHere(emptyStore(storeOptions(temporaryFolder())));
  onTestFinished(() => store.close());
  return store;
}

/** Files of which each is a minute and 100 bytes more than the one before. */
async function record(store: StoreClient, count: number, medium = FIRST_MEDIUM): Promise<string[]> {
  const files = Array.from({ length: count }, (_, index) => {
    const wall = new Date((START + index * 60) * 1000).toISOString();
    const day = wall.slice(0, 10).replaceAll('-', '');
    const path = `${day}/${day}-${wall.slice(11, 19).replaceAll(':', '')}-${START + 28_800 + index * 60}-Internal-205-204.wav`;
    return { path, size: 100 * (index + 1), mtimeMs: START * 1_000, seconds: 3, state: 'ok' as const };
  });
  await store.write({ kind: 'recordings', medium, files });
  return files.map(({ path }) => path);
}

async function walked(store: StoreClient, range: AgeRange) {
  const steps: string[][] = [];
  for (let at: AgeRange | null = range; at; ) {
    const { files, next }: Awaited<ReturnType<typeof step>> = await step(at);
    steps.push(files.map(({ path }) => path));
    at = next && { ...at, after: next };
  }
  return steps;
  function step(asked: AgeRange) {
    return store.work('oldestRecordings', asked);
  }
}

const keep = (store: StoreClient, paths: readonly string[], mark = true) =>
  store.write({ kind: 'keep', paths, keep: mark, audit: AUDIT });

test('recordings come oldest first, in steps of few, each once, and only those within the bounds and on the medium', async () => {
  const store = fresh();
  const paths = await record(store, 600);
  await store.write({ kind: 'mediumSeen', mark: 'a' });
  const other = (await store.write({ kind: 'mediumSeen', mark: 'b' })).medium ?? 0;
  await record(store, 3, other);
  const steps = await walked(store, EVER);
  expect(steps.map(({ length }) => length)).toEqual([250, 250, 100]);
  expect(steps.flat()).toEqual(paths);
  const within = await walked(store, { ...EVER, from: START + 60, before: START + 240 });
  expect(within.flat()).toEqual(paths.slice(1, 4));
  expect((await walked(store, { ...EVER, medium: other })).flat()).toEqual(paths.slice(0, 3));
});

test('what is kept, has gone or is in the trash is passed over, and a step full of it ends as any other', async () => {
  const store = fresh();
  const paths = await record(store, 600);
  await keep(store, paths.slice(0, 300));
  await store.write({ kind: 'gone', medium: FIRST_MEDIUM, paths: paths.slice(300, 310) });
  const steps = await walked(store, EVER);
  expect(steps[0]).toEqual([]);
  expect(steps.flat()).toEqual(paths.slice(310));
  await keep(store, paths.slice(0, 1), false);
  expect((await walked(store, EVER)).flat()).toEqual([paths[0], ...paths.slice(310)]);
});

test('the sum is that of all steps, with what is kept among it', async () => {
  const store = fresh();
  const paths = await record(store, 4_500);
  await keep(store, paths.slice(0, 2));
  const total = { count: 0, bytes: 0, kept: 0, keptBytes: 0, newest: 0 };
  let steps = 0;
  for (let range: AgeRange | null = EVER; range; steps++) {
    const { next, ...sum }: { next: AgeRange['after'] } & typeof total = await store.work('sumRecordings', range);
    for (const key of ['count', 'bytes', 'kept', 'keptBytes'] as const) total[key] += sum[key];
    total.newest = sum.newest;
    range = next && { ...range, after: next };
  }
  expect(steps).toBe(3);
  expect(total).toEqual({
    count: 4_500,
    bytes: (100 * 4_500 * 4_501) / 2,
    kept: 2,
    keptBytes: 300,
    newest: expect.any(Number),
  });
  const [newest] = (await store.work('oldestRecordings', { ...EVER, from: total.newest })).files;
  expect(newest?.path).toBe(paths.at(-1));
});

test('a mark holds on every medium that has the file, stands in the audit log, and is told of those that are listed', async () => {
  const store = fresh();
  await store.write({ kind: 'mediumSeen', mark: 'a' });
  const other = (await store.write({ kind: 'mediumSeen', mark: 'b' })).medium ?? 0;
  const [first = '', second = ''] = await record(store, 2);
  await record(store, 2, other);
  expect(await store.ask('listedRecordings', [first, 'none.wav'])).toEqual([first]);
  expect((await keep(store, [first, 'none.wav'])).removed).toBe(1);
  for (const medium of [FIRST_MEDIUM, other])
    expect((await walked(store, { ...EVER, medium })).flat()).toEqual([second]);
  const [entry] = (await store.ask('auditEntries', { before: null, limit: 1 })).entries;
  expect(entry).toMatchObject({ ...AUDIT, detail: { files: 1, paths: first } });
  expect((await keep(store, ['none.wav'])).removed).toBe(0);
  expect((await store.ask('auditEntries', { before: null, limit: 9 })).entries).toHaveLength(1);
});

test('a call whose recording is kept does not match a filter for those that are not', async () => {
  const store = fresh();
  const named = await record(store, 2);
  for (const [index, path] of ['', ...named].entries()) {
    const each = leg(START + index, { recordingFile: path && `/media/usbStorage/monitor/${path.slice(0, -4)}` });
    await put(store, each);
    await shut(store, each);
  }
  await keep(store, named.slice(0, 1));
  expect(await countOf(store, 'call', { start: {} })).toBe(3);
  expect(await countOf(store, 'call', { start: {}, unkept: true })).toBe(2);
  const rows = await rowsOf(store, 'call', [['recording', 'recording']], { unkept: true });
  expect(rows.map(({ recording }) => recording)).toEqual(['', named[1]]);
});

test('the newest so many calls are passed over in bounded steps', async () => {
  const store = fresh();
  const legs = Array.from({ length: 30 }, (_, index) => leg(START + index));
  for (const each of legs) {
    await put(store, each);
    await shut(store, each);
  }
  const pass = (walk: CallWalk) => store.work('passCalls', walk);
  const first = await pass({ pass: 10, after: null });
  expect(first).toMatchObject({ at: { key: START + 20 }, left: 0 });
  expect(await pass({ pass: 20, after: first?.at ?? null })).toMatchObject({ at: { key: START }, left: 0 });
  expect(await pass({ pass: 31, after: null })).toBeNull();
  expect(await pass({ pass: 30_000, after: null })).toBeNull();
});
