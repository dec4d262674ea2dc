/** One contract for the store, over the worker and in this thread: what is said here, the floors above may rely on. */
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openStoreWorker, type StoreClient } from '../../storage/client.ts';
import type { Field } from '../../storage/filter.ts';
import { openStoreHere } from '../../storage/here.ts';
import type { StoreOptions } from '../../storage/store.ts';
import { emptyStore } from '../support/empty-store.ts';
import { temporaryFolder } from '../support/folder.ts';
import { FIRST_MEDIUM, leg, storeOptions } from '../support/legs.ts';
import { textOf } from '../support/page.ts';
import { countOf, sqlOn } from './helper.ts';

const WORKER = new URL('../.build/store-worker.mjs', import.meta.url);
const NOON = 1_619_082_110; // 2021-04-22 01:01:50 at UTC−08:00, the guide's example
const FIELDS: readonly Field[] = [
  ['calldate', 'start'],
  ['src', 'src'],
  ['dst', 'dst'],
  ['billsec', 'billsec'],
  ['recording', 'recording'],
  ['id', 'id'],
  ['changed', 'changed'],
];

const homes: readonly (readonly [name: string, open: (options: StoreOptions) => Promise<StoreClient>])[] = [
  ['in a worker', (options) => openStoreWorker(options, WORKER, () => {})],
  ['in this thread', async (options) => openStoreHere(options)],
];

async function rowsOf(store: StoreClient, filter = {}, listing = {}): Promise<Record<string, string>[]> {
  let text = '';
  for await (const page of store.pages('call', {
    filter: { start: {}, ...filter },
    fields: FIELDS,
    order: 'desc',
    ...listing,
  }))
    text += page.rows > 0 ? `${text && ','}${textOf(page)}` : '';
  return JSON.parse(`[${text}]`);
}

describe.each(homes)('the store %s', (_name, open) => {
  async function fresh(folder = temporaryFolder()) {
    const store = await open(emptyStore(storeOptions(folder)));
    let closed = false;
    const close = async () => {
      if (!closed) await store.close();
      closed = true;
    };
    onTestFinished(close);
    return { store, folder, close };
  }
  const put = (store: StoreClient, record = leg(NOON)) => store.write({ kind: 'leg', leg: record, source: 'ami' });
  const shut = (store: StoreClient, record = leg(NOON)) =>
    store.write({ kind: 'close', group: record.linkedId ?? record.uniqueId });

  test('a record is one leg and one open call; the call shows when it is closed', async () => {
    const { store } = await fresh();
    const written = await put(store);
    expect(written).toMatchObject({
      records: [1],
      calls: [],
      recordings: [],
      open: [{ key: `${NOON}.0`, end: NOON + 5, fresh: true }],
      next: null,
    });
    expect(await rowsOf(store)).toEqual([]);
    expect((await shut(store)).calls).toEqual([2]);
    expect(await rowsOf(store)).toEqual([
      { calldate: '2021-04-22 01:01:50', src: '205', dst: '204', billsec: '3', recording: '', id: '1', changed: '2' },
    ]);
  });

  test('a repeated record changes nothing', async () => {
    const { store } = await fresh();
    await put(store);
    expect(await put(store)).toMatchObject({ records: [null], calls: [], recordings: [], open: [], next: null });
    await shut(store);
    expect(await put(store)).toMatchObject({ records: [null], calls: [], recordings: [], open: [], next: null });
    expect(await rowsOf(store)).toHaveLength(1);
  });

  test('a later leg amends its call: the id stays, changed rises', async () => {
    const { store } = await fresh();
    const busy = leg(NOON, { disposition: 'BUSY', answer: null, billsec: 0 });
    await put(store, busy);
    await shut(store);
    const [before] = await rowsOf(store);
    const later = leg(NOON + 6, { uniqueId: `${NOON}.2`, linkedId: `${NOON}.0`, sequence: 3 });
    expect(await put(store, later)).toMatchObject({ records: [3], calls: [4], open: [] });
    const [after, ...more] = await rowsOf(store);
    expect(more).toEqual([]);
    expect(after).toMatchObject({ id: before?.['id'], calldate: before?.['calldate'], billsec: '3' });
    expect(Number(after?.['changed'])).toBeGreaterThan(Number(before?.['changed']));
  });

  test('a LinkedID that a box without a clock gives again is another call', async () => {
    const { store } = await fresh();
    await put(store);
    const again = await put(store, leg(NOON, { end: { epoch: NOON + 9, offset: -28_800 } }));
    expect(again.open.map(({ key }) => key)).toEqual([`${NOON}.0#2`]);
    await shut(store);
    await store.write({ kind: 'close', group: `${NOON}.0#2` });
    expect(await rowsOf(store)).toHaveLength(2);
  });

  test('NULs and hostile text come back as they went in, without the NUL', async () => {
    const { store } = await fresh();
    const source = `a\0',"); DROP TABLE call;--\u{1F4DE}\u0001`;
    await put(store, leg(NOON, { source }));
    await shut(store);
    expect((await rowsOf(store))[0]?.['src']).toBe(source.replace('\0', ''));
  });

  test('an item that fails takes none of its neighbours with it', async () => {
    const { store } = await fresh();
    const bad = { ...leg(NOON + 1), start: { epoch: 'never' as unknown as number, offset: 0 } };
    const results = await Promise.allSettled([put(store), put(store, bad), put(store, leg(NOON + 2))]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    await Promise.all([shut(store), shut(store, leg(NOON + 2))]);
    expect(await rowsOf(store)).toHaveLength(2);
    // The statement that failed works again.
    await put(store, leg(NOON + 3));
  });

  test('a listing pages through everything once, whatever its steps', async () => {
    const { store } = await fresh();
    const records = Array.from({ length: 1_234 }, (_, index) =>
      leg(NOON + Math.floor(index / 3), { uniqueId: `${NOON}.${index}`, linkedId: `L.${index}`, sequence: index }),
    );
    await Promise.all(records.map((record) => put(store, record)));
    await Promise.all(records.map((record) => shut(store, record)));
    const all = await rowsOf(store);
    expect(new Set(all.map((row) => row['id'])).size).toBe(1_234);
    const newestFirst = [...all].sort(
      (a, b) => String(b['calldate']).localeCompare(String(a['calldate'])) || Number(b['id']) - Number(a['id']),
    );
    expect(all).toEqual(newestFirst);
    expect(await countOf(store, 'call', { start: {} })).toBe(1_234);
    expect(await countOf(store, 'call', { start: { from: NOON + 10, to: NOON + 19 } })).toBe(30);
    expect(await rowsOf(store, {}, { limit: 7, offset: 600 })).toEqual(all.slice(600, 607));
    expect(await rowsOf(store, {}, { order: 'asc', limit: 5 })).toEqual(all.slice(-5).reverse());
    const page = store.pages('call', { filter: { start: {} }, fields: FIELDS, order: 'desc', limit: 100 });
    const { value } = await page.next();
    expect(await rowsOf(store, {}, { after: value?.next, limit: 3 })).toEqual(all.slice(100, 103));
  });

  test('every filter finds what it should and no more', async () => {
    const { store } = await fresh();
    const calls = [
      leg(NOON, { destination: '620', linkedId: 'a', uniqueId: '1.1' }),
      leg(NOON + 1, {
        source: '+4930',
        destination: '*97',
        linkedId: 'b',
        uniqueId: '1.2',
        disposition: 'BUSY',
        billsec: 0,
        answer: null,
      }),
      leg(NOON + 2, {
        destination: '9513',
        destinationChannel: 'SIP/96-1',
        linkedId: 'c',
        uniqueId: '1.3',
        billsec: 60,
      }),
      leg(NOON + 3, {
        channel: 'GSM/3-1',
        source: '555[1]',
        linkedId: 'd',
        uniqueId: '1.4',
        cidName: 'SALES-',
        disposition: 'CONGESTION',
        answer: null,
        billsec: 0,
      }),
    ];
    for (const call of calls) {
      await put(store, call);
      await shut(store, call);
    }
    const dsts = async (filter: object) => (await rowsOf(store, filter)).map((row) => row['dst']);
    expect(await dsts({ dst: [{ kind: 'literal', value: '620' }] })).toEqual(['620(204)']);
    expect(await dsts({ dst: [{ kind: 'literal', value: '204' }] })).toEqual(['204', '620(204)']);
    expect(await dsts({ dst: [{ kind: 'literal', value: '620(204)' }] })).toEqual(['620(204)']);
    expect(await dsts({ dst: [{ kind: 'range', low: '200', high: '299', digits: 3 }] })).toEqual(['204', '620(204)']);
    expect(
      await dsts({
        dst: [
          { kind: 'wildcard', pattern: '95*' },
          { kind: 'literal', value: '*97' },
        ],
      }),
    ).toEqual(['9513', '*97']);
    expect(await dsts({ src: [{ kind: 'wildcard', pattern: '555[?]' }] })).toEqual(['204']);
    expect(await dsts({ dispositions: ['FAILED', 'CONGESTION'] })).toEqual(['204']);
    expect(await dsts({ callTypes: ['Outbound'] })).toEqual(['9513']);
    expect(await dsts({ billsec: { from: 4 } })).toEqual(['9513']);
    expect(await dsts({ duration: { from: 6 } })).toEqual(['9513']); // hidden only where both are below
    expect(await dsts({ trunks: ['96'] })).toEqual(['9513']);
    expect(await dsts({ port: 3 })).toEqual(['204']);
    expect(await dsts({ cidName: 'SALES' })).toEqual(['204']);
    expect(await dsts({ cidName: 'SALES', inRoute: 'OTHER' })).toEqual([]);
  });

  test('a recording is tied by name, and else by time and parties', async () => {
    const { store } = await fresh();
    const file = (path: string) => ({
      path,
      size: 48_044,
      mtimeMs: (NOON + 5) * 1000,
      seconds: 3,
      state: 'ok' as const,
    });
    const named = '20210422/20210422-010152-1619082112-Internal-205-204';
    await put(store, leg(NOON, { recordingFile: `/media/usbStorage/monitor/${named}` }));
    await store.write({ kind: 'recordings', medium: FIRST_MEDIUM, files: [file(`${named}.wav`)] });
    await shut(store);
    // The other call's record names nothing: the file comes first, and the call finds it when it closes.
    const other = leg(NOON + 100, { linkedId: 'b', uniqueId: '1.2', source: '202' });
    const near = `20210422/20210422-010333-${NOON + 103}-Internal-202-204.wav`;
    await store.write({ kind: 'recordings', medium: FIRST_MEDIUM, files: [file(near)] });
    await put(store, other);
    await shut(store, other);
    expect((await rowsOf(store)).map((row) => row['recording'])).toEqual([near, `${named}.wav`]);
    // And a third time the call is closed when the file is found.
    const third = leg(NOON + 200, { linkedId: 'c', uniqueId: '1.3', source: '203' });
    await put(store, third);
    await shut(store, third);
    const late = `20210422/20210422-010512-${NOON + 202}-Internal-203-204.wav`;
    await store.write({ kind: 'recordings', medium: FIRST_MEDIUM, files: [file(late)] });
    expect((await rowsOf(store))[0]?.['recording']).toBe(late);
    expect(await store.ask('knownRecordings', { medium: FIRST_MEDIUM, folder: '20210422' })).toContain(
      `${near.slice(9)}\t48044\t`,
    );
    await store.write({ kind: 'gone', medium: FIRST_MEDIUM, paths: [near] });
    expect(await store.ask('knownRecordings', { medium: FIRST_MEDIUM, folder: '20210422' })).not.toContain(
      near.slice(9),
    );
    expect(await countOf(store, 'recording', { wall: {} })).toBe(2);
  });

  test('a fault of the disk in one write of a transaction is its own alone, and told as a state', async () => {
    const folder = temporaryFolder();
    // SQLite's words for it; of most such faults it undoes all, of some the statement alone, as of this one.
    const words = 'disk I/O error';
    sqlOn(
      emptyStore(storeOptions(folder)).file,
      `CREATE TRIGGER refuse BEFORE INSERT ON leg WHEN NEW.uniqueid = 'refused' BEGIN SELECT RAISE(ABORT, '${words}'); END`,
    );
    const { store } = await fresh(folder);
    const refused = leg(NOON, { uniqueId: 'refused' });
    const [, told, taken] = await Promise.allSettled([put(store), put(store, refused), put(store, leg(NOON + 10))]);
    expect(told).toMatchObject({ reason: { code: 'io', message: expect.stringContaining(words) } });
    expect(taken).toMatchObject({ value: { records: [2] } });
    expect(store.disk).toMatchObject({ state: 'failing', why: expect.stringContaining(words), refused: 1 });
    await store.work('probeDisk');
    expect(await put(store, leg(NOON + 20))).toMatchObject({ records: [3] });
    expect(store.disk).toMatchObject({ state: 'ok', refused: 1 });
  });

  test('rules that change while a call is open hold for it as well', async () => {
    const { store, folder } = await fresh();
    await put(store, leg(NOON, { destination: '640' }));
    const { rules } = storeOptions(folder);
    await store.ask('useRules', { ...rules, numbering: { ...rules.numbering, ivr: '620-649' } });
    expect((await store.ask('verifyStep', { at: 0, id: 0 })).wrong).toEqual([`${NOON}.0`]);
    await store.write({ kind: 'refold', after: { at: 0, id: 0 } });
    expect((await store.ask('verifyStep', { at: 0, id: 0 })).wrong).toEqual([]);
    await shut(store);
    expect((await rowsOf(store)).map(({ dst }) => dst)).toEqual(['640(204)']);
  });

  test('what an earlier life left open is found again', async () => {
    const first = await fresh();
    await put(first.store);
    await first.close();
    const second = await fresh(first.folder);
    expect(await second.store.ask('openGroups')).toEqual([`${NOON}.0`]);
    await shut(second.store);
    expect(await second.store.ask('openGroups')).toEqual([]);
  });

  test('refuses a store that a newer cdrd wrote, and a file that is none', async () => {
    const { folder, close } = await fresh();
    await close();
    rmSync(`${folder}/cdrd.db-shm`, { recursive: true });
    sqlOn(`${folder}/cdrd.db`, 'PRAGMA user_version=99');
    await expect(open(storeOptions(folder))).rejects.toMatchObject({ code: 'newer' });
    const other = temporaryFolder();
    writeFileSync(`${other}/cdrd.db`, 'this is no database at all, it is a text file'.repeat(100));
    await expect(open(storeOptions(other))).rejects.toMatchObject({ code: 'corrupt' });
  });

  test('leaves nothing behind but the file, its fence, the note of its numbers and the backups', async () => {
    const { folder, close, store } = await fresh();
    await put(store);
    await close();
    expect(readdirSync(folder).sort()).toEqual(['cdrd.db', 'cdrd.db-shm', 'cdrd.db.numbers']);
    expect(existsSync(`${folder}/cdrd.db.lock`)).toBe(false);
  });

  test('lists a deletion of very many recordings by its first paths, which alone are shown', async () => {
    const { store } = await fresh();
    const audit = { who: 'admin', address: '', action: 'test', detail: {} };
    const begin = (content: readonly string[]) =>
      store.write({
        kind: 'deletion',
        deletion: { kind: 'recording', who: 'admin', address: '', expiresAt: 9e9, content },
        audit,
      });
    const paths = Array.from({ length: 20_000 }, (_, index) => `20210329/${index}-Internal-"x"-],[Ä\\-202.wav`);
    await begin(paths);
    await begin(paths.slice(0, 3));
    await begin([]);
    const lists = (await store.ask('deletions', { kind: 'recording', limit: 9 })).map(({ content }) => content);
    const [none, few, many] = lists as string[][];
    expect([none, few]).toEqual([[], paths.slice(0, 3)]);
    expect(many?.length).toBeGreaterThan(50);
    expect(many?.length).toBeLessThan(500);
    expect(many).toEqual(paths.slice(0, many?.length));
  });
});
