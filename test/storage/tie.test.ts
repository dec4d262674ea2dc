/** Whose recording a file is, in whatever order records and files come. */
import { describe, expect, onTestFinished, test } from 'vitest';
import type { StoreClient } from '../../storage/client.ts';
import { openStoreHere } from '../../storage/here.ts';
import type { Leg } from '../../storage/model/leg.ts';
import { emptyStore } from '../support/empty-store.ts';
import { temporaryFolder } from '../support/folder.ts';
import { FIRST_MEDIUM, leg, storeOptions } from '../support/legs.ts';
import { put, rowsOf, shut, sqlOn } from './helper.ts';

const START = 1_619_082_110; // answered 2 s later
const PATH = `20210422/20210422-010152-${START + 2}-Internal-205-204`;
const NAMED = { recordingFile: `/media/usbStorage/monitor/${PATH}` };

/** @param shift Seconds by which the name's epoch is off. */
const file = (seconds = 77, shift = 0) => ({
  path: `${PATH.replace(String(START + 2), String(START + 2 + shift))}.wav`,
  size: 44 + seconds * 16_000,
  mtimeMs: START * 1_000,
  seconds,
  state: 'ok' as const,
});

function fresh() {
  const options = emptyStore(storeOptions(temporaryFolder()));
  const store = openStoreHere(options);
  let open = true;
  const close = async () => {
    if (open) await store.close();
    open = false;
  };
  onTestFinished(close);
  /** Ends the store's life and looks at what it left. */
  const left = async (sql: string) => {
    await close();
    return sqlOn(options.file, sql);
  };
  return { store, left };
}

const found = (store: StoreClient, ...files: readonly ReturnType<typeof file>[]) =>
  store.write({ kind: 'recordings', medium: FIRST_MEDIUM, files });
const shown = async (store: StoreClient) =>
  (
    await rowsOf(store, 'call', [
      ['linkedid', 'uniqueId'],
      ['recording', 'recording'],
    ])
  ).map((row) => [row['linkedid'], row['recording']]);
const TIES = 'SELECT path, call_id, match FROM recording ORDER BY path';
const call = (name: string, change: Partial<Leg> = {}) =>
  leg(START, { uniqueId: `1.${name}`, linkedId: name, ...change });

describe('how sure a tie is stays to be seen', () => {
  test.each([
    ['near, the file first', {}, 'near', 'file first'],
    ['near, the call first', {}, 'near', 'call first'],
    ['near, the file while the call is open', {}, 'near', 'between'],
    ['named, the file first', NAMED, 'named', 'file first'],
    ['named, the call first', NAMED, 'named', 'call first'],
    ['named, the file while the call is open', NAMED, 'named', 'between'],
  ])('%s', async (_name, change, match, order) => {
    const { store, left } = fresh();
    const one = call('1', change);
    if (order === 'file first') await found(store, file());
    await put(store, one);
    if (order === 'between') await found(store, file());
    await shut(store, one);
    if (order === 'call first') await found(store, file());
    expect(await shown(store)).toEqual([['1.1', file().path]]);
    expect(await rowsOf(store, 'recording', [['duration', 'duration']])).toEqual([{ duration: '3' }]); // its call's billsec
    expect(await left(TIES)).toEqual([{ path: file().path, call_id: 1, match }]);
  });
});

describe('of several', () => {
  test('a call that names the file takes it from one that had it by time, which is told as changed', async () => {
    const { store, left } = fresh();
    const near = call('1');
    await put(store, near);
    await shut(store, near);
    await found(store, file());
    expect(await shown(store)).toEqual([['1.1', file().path]]);
    const named = call('2', { ...NAMED, source: '299' });
    const { records, calls } = await put(store, named);
    expect([records.length, calls.length]).toEqual([1, 1]); // the record's own, and that of the call that lost it
    await shut(store, named);
    expect((await shown(store)).sort()).toEqual([
      ['1.1', ''],
      ['1.2', file().path],
    ]);
    expect(await left(TIES)).toEqual([{ path: file().path, call_id: 2, match: 'named' }]);
  });

  test.each([['the file first'], ['the file last']])('that name one file the first has it, %s', async (order) => {
    const { store, left } = fresh();
    if (order === 'the file first') await found(store, file());
    // A transfer: two rows of one call, and the channel's recording stands in both.
    const first = call('1', NAMED);
    const second = leg(START + 10, {
      ...NAMED,
      uniqueId: '1.2',
      linkedId: '1',
      sequence: 1,
      destinationChannel: 'SIP/202-1',
    });
    await put(store, first);
    await put(store, second);
    await shut(store, first);
    if (order === 'the file last') await found(store, file());
    expect(await shown(store)).toEqual([
      ['1.1', file().path],
      ['1.2', file().path],
    ]);
    expect(await left(TIES)).toEqual([{ path: file().path, call_id: 1, match: 'named' }]);
  });

  test.each([['the files first'], ['the files last']])(
    'recordings that agree the nearest is the call’s, %s',
    async (order) => {
      const { store } = fresh();
      const files = [file(5, 2), file(6, 1)];
      if (order === 'the files first') await found(store, ...files);
      const one = call('1');
      await put(store, one);
      await shut(store, one);
      if (order === 'the files last') {
        // Come singly the first one wins; together it can't be known that a nearer one follows.
        await found(store, file(6, 1));
        await found(store, file(5, 2));
      }
      expect(await shown(store)).toEqual([['1.1', file(6, 1).path]]);
    },
  );

  test('calls that agree equally none has it', async () => {
    const { store, left } = fresh();
    for (const one of [call('1'), call('2')]) {
      await put(store, one);
      await shut(store, one);
    }
    await found(store, file());
    expect((await shown(store)).map(([, recording]) => recording)).toEqual(['', '']);
    expect(await left(TIES)).toEqual([{ path: file().path, call_id: null, match: null }]);
  });
});

test('a row that a late record adds to a closed call finds its recording too', async () => {
  const { store, left } = fresh();
  await found(store, { ...file(), path: `20210422/20210422-010202-${START + 12}-Internal-205-202.wav` });
  const first = call('1');
  await put(store, first);
  await shut(store, first);
  await put(
    store,
    leg(START + 10, {
      uniqueId: '1.2',
      linkedId: '1',
      sequence: 1,
      destination: '202',
      destinationChannel: 'SIP/202-1',
    }),
  );
  expect((await shown(store)).map(([, recording]) => recording !== '')).toEqual([false, true]);
  expect(await left(TIES)).toMatchObject([{ call_id: 2, match: 'near' }]);
});

test('a call amended to name another file lets the one it had go', async () => {
  const { store, left } = fresh();
  const one = call('1');
  await found(store, file(), { ...file(), path: '20210422/other.wav' });
  await put(store, one);
  await shut(store, one);
  expect(await shown(store)).toEqual([['1.1', file().path]]);
  // The same record from the CSV names the file that the event didn't.
  const csv = { ...one, recordingFile: '/media/usbStorage/monitor/20210422/other' };
  await store.write({ kind: 'leg', leg: csv, source: 'csv' });
  expect(await shown(store)).toEqual([['1.1', '20210422/other.wav']]);
  expect(await left(TIES)).toEqual([
    { path: file().path, call_id: null, match: null },
    { path: '20210422/other.wav', call_id: 1, match: 'named' },
  ]);
});

test('every announcement points to what is there, and ids only rise', async () => {
  const { store, left } = fresh();
  await found(store, file());
  const one = call('1');
  await put(store, one);
  await shut(store, one);
  await put(store, leg(START + 10, { uniqueId: '1.2', linkedId: '1', sequence: 1, destinationChannel: 'SIP/202-1' }));
  const rows = await left(
    `SELECT id, kind, ref, CASE kind WHEN 'cdr' THEN ref IN (SELECT id FROM leg)
       WHEN 'call' THEN ref IN (SELECT id FROM call) ELSE ref IN (SELECT id FROM recording) END AS there FROM outbox ORDER BY id`,
  );
  expect(rows.map(({ kind, ref, there }) => [kind, ref, there])).toEqual([
    ['recording', 1, 1],
    ['cdr', 1, 1],
    ['call', 1, 1],
    ['cdr', 2, 1],
    ['call', 2, 1],
  ]);
  expect(rows.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5]);
});
