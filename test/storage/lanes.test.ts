/** The three lanes: order, priority, bounds, and what becomes of those who wait when the store ends. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { clientOf, openStoreWorker } from '../../storage/client.ts';
import { createLanes, type Request, type Result } from '../../storage/lanes.ts';
import { LONG_LISTINGS_MAX } from '../../storage/long-listings.ts';
import { migrations } from '../../storage/sql/migration/migrations.ts';
import { type Operation, openStore } from '../../storage/store.ts';
import { startStoreThread } from '../../storage/store-thread.ts';
import type { Write } from '../../storage/write.ts';
import { temporaryFolder } from '../support/folder.ts';
import { leg, storeOptions } from '../support/legs.ts';
import { countOf, LANES_ONLY, put, sqlOn } from './helper.ts';
import { manyCalls } from './many-calls.ts';

const WORKER = new URL('../.build/store-worker.mjs', import.meta.url);
const NOON = 1_619_082_110;
const write = (name: string): Write => ({
  kind: 'setting',
  name,
  value: 1,
  audit: { who: '', address: '', action: '', detail: {} },
});
const nameOf = (item: unknown) => (item as { name: string }).name;

/** Lanes over a store that answers only when told to. */
function scripted() {
  const under: { request: Request; answer: (value?: unknown) => void; fail: (error: Error) => void }[] = [];
  const lanes = createLanes(
    (request) =>
      new Promise<Result>((resolve, reject) => {
        under.push({
          request,
          answer: (value = null) => resolve({ value, ms: 1 }),
          fail: reject,
        });
      }),
  );
  const settled = () => new Promise(setImmediate);
  /** Answers the oldest message under way. */
  const next = async () => {
    const message = under.shift();
    const { operation, argument } = message?.request ?? {};
    message?.answer(operation === 'write' ? (argument as Write[]).map((item) => ({ done: nameOf(item) })) : argument);
    await settled();
    return message?.request;
  };
  return { lanes, under, next, settled };
}
const ask = (argument: unknown): Request => ({ operation: 'user' as Operation, argument });

describe('a lane', () => {
  test('has one message under way, and keeps its order', async () => {
    const { lanes, under, next } = scripted();
    const answers: unknown[] = [];
    for (const index of [1, 2, 3]) void lanes.ask('interactive', ask(index)).then(({ value }) => answers.push(value));
    for (const index of [1, 2, 3]) {
      expect(under.map(({ request }) => request.argument)).toEqual([index]);
      await next();
    }
    expect(answers).toEqual([1, 2, 3]);
    expect(lanes.depth('interactive')).toBe(0);
  });

  test('waits for no other', async () => {
    const { lanes, under, settled } = scripted();
    void lanes.ask('bulk', ask('bulk'));
    void lanes.ask('interactive', ask('interactive'));
    void lanes.write(write('ingest'));
    await settled();
    expect(under.map(({ request }) => request.operation)).toEqual(['user', 'user', 'write']);
  });

  test('of writes takes what is given in one turn or waits during a commit together, at most 256, in order', async () => {
    const { lanes, under, next, settled } = scripted();
    const done: unknown[] = [];
    const batches: number[] = [];
    for (let index = 0; index < 600; index++)
      void lanes.write(write(String(index))).then((outcome) => done.push('done' in outcome && outcome.done));
    expect(lanes.depth('ingest')).toBe(600);
    await settled();
    void lanes.write(write('600')).then((outcome) => done.push('done' in outcome && outcome.done));
    while (under.length > 0) {
      const request = await next();
      batches.push((request?.argument as Write[] | undefined)?.length ?? 0);
    }
    expect(batches).toEqual([256, 256, 89]);
    expect(done).toEqual(Array.from({ length: 601 }, (_, index) => String(index)));
  });

  test.each([
    ['interactive', 256],
    ['bulk', 256],
    ['ingest', 10_000],
  ] as const)('%s refuses more than %i that wait, and takes again when there is room', async (lane, most) => {
    const { lanes, next } = scripted();
    const give = () => (lane === 'ingest' ? lanes.write(write('x')) : lanes.ask(lane, ask('x')));
    const refused: string[] = [];
    const offer = (times: number) => {
      for (let index = 0; index < times; index++) give().catch((error: { code: string }) => refused.push(error.code));
    };
    offer(most + 6); // one under way, `most` waiting
    await next();
    expect(refused).toEqual(Array(5).fill('busy'));
    offer(1);
    await next();
    expect(refused).toHaveLength(5);
  });

  test('goes on after a message that failed, and the failure is only its own', async () => {
    const { lanes, under, next } = scripted();
    const outcomes = Promise.allSettled([1, 2, 3].map((index) => lanes.ask('interactive', ask(index))));
    under.shift()?.fail(new Error('once'));
    await new Promise(setImmediate);
    await next();
    await next();
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  });
});

describe('an end', () => {
  test('that was asked for answers everything first and takes nothing more', async () => {
    const { lanes, under, next } = scripted();
    const asked = [
      lanes.ask('bulk', ask(1)),
      lanes.ask('interactive', ask(2)),
      lanes.ask('interactive', ask(3)),
      lanes.write(write('4')),
    ];
    let drained = false;
    const end = lanes.drain().then(() => {
      drained = true;
    });
    await expect(lanes.ask('interactive', ask(5))).rejects.toMatchObject({ code: 'closed' });
    await expect(lanes.write(write('6'))).rejects.toMatchObject({ code: 'closed' });
    while (under.length > 0) {
      expect(drained).toBe(false);
      await next();
    }
    await end;
    expect((await Promise.allSettled(asked)).map(({ status }) => status)).toEqual(Array(4).fill('fulfilled'));
  });

  test('that came by itself rejects everybody, and a drain still ends', async () => {
    const { lanes, under } = scripted();
    const asked = Promise.allSettled([
      lanes.ask('bulk', ask(1)),
      lanes.ask('bulk', ask(2)),
      lanes.write(write('3')),
      lanes.write(write('4')),
    ]);
    const end = lanes.drain();
    const death = new Error('the worker has died');
    for (const { fail } of under) fail(death);
    lanes.fail(death);
    expect((await asked).map((outcome) => outcome.status === 'rejected' && outcome.reason)).toEqual(
      Array(4).fill(death),
    );
    await end;
    await expect(lanes.write(write('5'))).rejects.toBe(death);
  });

  test('of the worker: everybody is told, and the one who must know', async () => {
    const deaths: string[] = [];
    const killing = new URL(
      `data:text/javascript,${encodeURIComponent(`
        import { parentPort } from 'node:worker_threads';
        parentPort.on('message', ({ id, operation }) => {
          if (operation === 'open') parentPort.postMessage({ id, value: null, ms: 0, commitMs: 0 });
          else throw new Error('out of memory, say');
        });`)}`,
    );
    const store = await openStoreWorker(storeOptions(temporaryFolder()), killing, (error) =>
      deaths.push(error.message),
    );
    const outcomes = await Promise.allSettled([
      store.ask('users'),
      store.ask('users'),
      put(store, leg(NOON)),
      countOf(store, 'call', { start: {} }),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(Array(4).fill('rejected'));
    expect(deaths).toEqual([expect.stringContaining('out of memory, say')]);
    await expect(store.ask('users')).rejects.toThrow('out of memory');
    await store.close();
    expect(deaths).toHaveLength(1);
  });

  test('before the file is open is told once, by the opening', async () => {
    const deaths: unknown[] = [];
    const options = storeOptions(temporaryFolder());
    await expect(
      openStoreWorker(options, new URL('file:///nowhere/worker.mjs'), (error) => deaths.push(error)),
    ).rejects.toThrow(/nowhere/);
    await expect(
      openStoreWorker({ ...options, file: '/nowhere/cdrd.db' }, WORKER, (error) => deaths.push(error)),
    ).rejects.toMatchObject({ code: 'io' });
    expect(deaths).toEqual([]);
  });

  test('before anybody wanted the store is told by the opening as well', async () => {
    const thread = startStoreThread(new URL('file:///nowhere/worker.mjs'));
    expect(await thread.ended).toMatchObject({ message: expect.stringContaining('nowhere') });
    await expect(openStoreWorker(storeOptions(temporaryFolder()), thread, () => {})).rejects.toThrow(/nowhere/);
  });

  test('a thread that was begun before opens the store, and ends with it', async () => {
    const thread = startStoreThread(WORKER);
    const store = await openStoreWorker(storeOptions(temporaryFolder()), thread, () => {});
    expect(await store.ask('users')).toEqual([]);
    await store.close();
    expect(await thread.ended).toBeNull();
  });

  test('a thread that brought a store to this schema goes with the memory that this took', async () => {
    const options = storeOptions(temporaryFolder());
    openStore({ ...options, migrations: migrations.slice(0, -1) }).close();
    const thread = startStoreThread(WORKER);
    const store = await openStoreWorker(options, thread, (error) => expect(error).toBeNull());
    expect(await thread.ended).toBeNull();
    expect(await store.ask('users')).toEqual([]);
    await store.close();
  });
});

test('a question finds what was written before it, waited for or not', async () => {
  const store = await openStoreWorker(storeOptions(temporaryFolder()), WORKER, () => {});
  onTestFinished(() => store.close());
  void store.write({ kind: 'note', name: 'told', value: 1 });
  void store.write({ kind: 'note', name: 'told', value: 2 });
  expect(await store.ask('setting', 'told')).toBe(2);
});

test('a listing of 100,000 calls lets every record and question through after two steps at most', async () => {
  const options = storeOptions(temporaryFolder());
  openStore(options).close();
  sqlOn(options.file, manyCalls(100_000));
  const store = openStore(options);
  /** Messages in the order in which the store took them, as a worker does: one after another. */
  const taken: string[] = [];
  let turn: Promise<unknown> = Promise.resolve();
  const lanes = createLanes(({ operation, argument }) => {
    const work = turn.then(async () => {
      await new Promise(setImmediate);
      taken.push(operation);
      const begin = performance.now();
      const value = (store.operations[operation] as (argument: unknown) => unknown)(argument);
      return { value, ms: performance.now() - begin };
    });
    turn = work.catch(() => {});
    return work;
  });
  const client = clientOf(lanes, { ...LANES_ONLY, close: async () => store.close() });
  onTestFinished(() => client.close());
  let rows = 0;
  let done = false;
  const listings = [0, 1, 2].map(async () => {
    for await (const page of client.pages('call', { filter: { start: {} }, fields: [['id', 'id']], order: 'desc' }))
      rows += page.rows;
  });
  /** Steps of listings that were taken while somebody waited, each time again until the listings are done. */
  const waitsOf = async (wait: (index: number) => Promise<unknown>) => {
    const waits: number[] = [];
    for (let index = 0; !done; index++) {
      const before = taken.length;
      await wait(index);
      waits.push(taken.slice(before).filter((operation) => operation === 'callPage').length);
      await new Promise(setImmediate);
    }
    return waits;
  };
  while (taken.length < listings.length) await new Promise(setImmediate); // first steps come before what is long already
  const records = waitsOf((index) => put(client, leg(NOON - 100 - index)));
  const questions = waitsOf(() => client.ask('user', 'admin'));
  await Promise.all(listings);
  done = true;
  expect(rows).toBe(300_000);
  for (const waits of await Promise.all([records, questions])) {
    expect(waits.length).toBeGreaterThan(10);
    expect(Math.max(...waits)).toBeLessThanOrEqual(2);
  }
});

test('of a listing one page is made ahead and no more; who asks for no further one stops it; a page goes with the next', async () => {
  const asked: number[] = [];
  const bytes = () => new Uint8Array([123, 125]);
  const lanes = createLanes(async () => {
    asked.push(asked.length);
    return { value: { bytes: bytes(), rows: 1, next: { key: 1, id: 1 } }, ms: 1 };
  });
  const client = clientOf(lanes, LANES_ONLY);
  const settled = () => new Promise(setImmediate);
  const pages = client.pages('call', { filter: { start: {} }, fields: [['id', 'id']], order: 'desc' });
  await settled();
  expect(asked).toHaveLength(0);
  const first = await pages.next();
  await settled();
  expect(asked).toHaveLength(2);
  expect(first.value?.bytes).toEqual(bytes());
  const second = await pages.next();
  await settled();
  expect(asked).toHaveLength(3);
  expect(first.value?.bytes).toHaveLength(0);
  await pages.return(undefined);
  await settled();
  expect(asked).toHaveLength(3);
  expect(second.value?.bytes).toEqual(bytes()); // it may still be under way to the client
});

test('listings of several pages are bounded; one of a single page, or that wants no more rows, is not counted', async () => {
  let next: object | null = { key: 1, id: 1 };
  let rows = 1;
  const lanes = createLanes(async () => ({ value: { bytes: new Uint8Array([123, 125]), rows, next }, ms: 1 }));
  const client = clientOf(lanes, LANES_ONLY);
  const begin = (part: object = {}) =>
    client.pages('call', { filter: { start: {} }, fields: [['id', 'id']], order: 'desc', ...part });
  const short = begin({ limit: 1 });
  expect((await short.next()).value?.rows).toBe(1);
  const long = Array.from({ length: LONG_LISTINGS_MAX }, () => begin());
  for (const pages of long) expect((await pages.next()).value?.rows).toBe(1);
  const refused = begin();
  await expect(refused.next()).rejects.toMatchObject({ code: 'busy' });
  expect((await begin({ limit: 1 }).next()).value?.rows).toBe(1);
  rows = 0; // nothing found yet: it is not known to be long, and nothing has been sent
  const searching = begin();
  expect((await searching.next()).value?.rows).toBe(0);
  rows = 1;
  await searching.next(); // the page that was made ahead
  await expect(searching.next()).rejects.toMatchObject({ code: 'busy' });
  await long[0]?.return(undefined);
  const later = begin();
  expect((await later.next()).value?.rows).toBe(1);
  next = null;
  let count = 0;
  for await (const _ of later) count += 1; // to its end
  expect(count).toBeGreaterThan(0);
  next = { key: 1, id: 1 };
  expect((await begin().next()).value?.rows).toBe(1);
});

test('a listing of records is one of them: it is refused where they are taken, and its place is free when it ends', async () => {
  const names = [5, 4, 3, 2, 1].map((id) => [9e8 + id * 86_400, id]);
  const lanes = createLanes(async ({ operation, argument }) => {
    if (operation === 'legRows') return { value: (argument as number[]).map((id) => ({ id })), ms: 1 };
    return { value: { legs: names, next: { key: 9e8, id: 1 } }, ms: 1 };
  });
  const client = clientOf(lanes, LANES_ONLY);
  const begin = (limit = Number.POSITIVE_INFINITY) => client.legs({ filter: { start: {} }, limit });
  const long = Array.from({ length: LONG_LISTINGS_MAX }, () => begin());
  for (const pages of long) expect((await pages.next()).value?.rows).toBe(5);
  await expect(begin().next()).rejects.toMatchObject({ code: 'busy' });
  expect((await begin(3).next()).value?.rows).toBe(3); // no more are wanted
  await long[0]?.return(undefined);
  expect((await begin().next()).value?.rows).toBe(5);
});

test('a page ahead that fails is told when it is asked for, and where it is not nobody hears of it', async () => {
  const failing = () => {
    let asked = 0;
    const lanes = createLanes(async () => {
      if (++asked > 1) throw new Error('the disk is gone');
      return { value: { bytes: new Uint8Array([1]), rows: 1, next: { key: 1, id: 1 } }, ms: 1 };
    });
    const client = clientOf(lanes, LANES_ONLY);
    return client.pages('call', { filter: { start: {} }, fields: [['id', 'id']], order: 'desc' });
  };
  const asked = failing();
  expect((await asked.next()).value?.rows).toBe(1);
  await new Promise(setImmediate);
  await expect(asked.next()).rejects.toThrow('the disk is gone');
  const left = failing();
  await left.next();
  await new Promise(setImmediate);
  await left.return(undefined);
});
