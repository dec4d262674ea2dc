/** What has gone for good is forgotten when nobody can ask for it any more, and not before. */
import { expect, onTestFinished, test } from 'vitest';
import { forget } from '../../daemon/forget.ts';
import type { StoreClient } from '../../storage/client.ts';
import { openStoreHere } from '../../storage/here.ts';
import { openDatabase } from '../../storage/sql/database.ts';
import { forgetSome } from '../../storage/sql/forget.ts';
import type { Forgetting } from '../../storage/store.ts';
import { openBox } from '../cgi/box.ts';
import { emptyStore } from '../support/empty-store.ts';
import { temporaryFolder } from '../support/folder.ts';
import { FIRST_MEDIUM, leg, storeOptions } from '../support/legs.ts';
import { put, shut, sqlOn } from './helper.ts';

const START = 1_619_082_110;
const BY = { who: 'cdrd', address: '' };
const NONE: readonly string[] = [];
const AUDIT = { ...BY, action: 'test', detail: {} };

function fresh() {
  const options = emptyStore(storeOptions(temporaryFolder()));
  const store = openStoreHere(options);
  let open = true;
  const close = async () => {
    if (open) await store.close();
    open = false;
  };
  onTestFinished(close);
  return {
    store,
    /** Puts files there and removes them for good at that time. */
    async purge(paths: readonly string[], at: number) {
      const files = paths.map((path) => ({ path, size: 9, mtimeMs: 0, seconds: 1, state: 'ok' as const }));
      await store.write({ kind: 'recordings', medium: FIRST_MEDIUM, files });
      const content = { kind: 'recording' as const, ...BY, medium: FIRST_MEDIUM, expiresAt: 0, content: paths };
      const { deletion } = await store.write({ kind: 'deletion', deletion: content, audit: AUDIT });
      const id = deletion?.id ?? 0;
      await store.write({
        kind: 'trash',
        step: { id, from: 'deleting', state: 'deleting', progress: null, hide: paths },
      });
      await store.write({ kind: 'trash', step: { id, from: 'deleting', state: 'erased', progress: { at } } });
    },
    forget: () => forget(store, new AbortController().signal),
    async left(table: string) {
      await close();
      return sqlOn(options.file, `SELECT * FROM ${table} ORDER BY id`);
    },
  };
}

test('a removed recording is forgotten with its call, and says until then why the call shows none', async () => {
  const { store, purge, forget, left } = fresh();
  const path = `20210422/20210422-010152-${START + 2}-Internal-205-204.wav`;
  const each = leg(START, { recordingFile: `/media/usbStorage/monitor/${path.slice(0, -4)}` });
  await put(store, each);
  await shut(store, each);
  await purge([path, 'of-no-call.wav'], START);
  await purge(['just-now.wav'], Math.floor(Date.now() / 1000));
  await forget();
  expect((await left('recording')).map((row) => row['path'])).toEqual([path, 'just-now.wav']);
});

test('more than a step holds is forgotten all the same', async () => {
  const { purge, forget, left } = fresh();
  await purge(
    Array.from({ length: 600 }, (_, index) => `20210422/${1_000 + index}.wav`),
    START,
  );
  await forget();
  expect(await left('recording')).toEqual([]);
});

test('deletions that are over are forgotten but for the newest thousand, and one that holds rows stays', async () => {
  const { store, purge, forget, left } = fresh();
  await purge(['held.wav'], Math.floor(Date.now() / 1000)); // its row is too young to go
  for (let count = 0; count < 1_100; count++) {
    const content = { kind: 'recording' as const, ...BY, medium: FIRST_MEDIUM, expiresAt: 0, content: NONE };
    const { deletion } = await store.write({ kind: 'deletion', deletion: content, audit: AUDIT });
    const step = { id: deletion?.id ?? 0, from: 'deleting' as const, progress: null };
    if (count !== 5) await store.write({ kind: 'trash', step: { ...step, state: 'restored' } });
  }
  await forget();
  const ids = (await left('deletion')).map((row) => Number(row['id']));
  expect(ids).toHaveLength(1_002);
  expect(ids.slice(0, 3)).toEqual([1, 7, 102]); // the held one, the one under way, and then the newest
});

test('calls that went are told of for a million changes; who was away for longer is told to begin anew', async () => {
  const options = emptyStore(storeOptions(temporaryFolder()));
  const database = openDatabase(options.file);
  onTestFinished(() => database.close());
  database.transaction(() => {
    database.run('INSERT INTO outbox (id, kind, ref, at) VALUES (1300000, ?, 1, 0)', ['call']);
    for (let id = 1; id <= 600; id++)
      database.run('INSERT INTO call_removed (id, changed) VALUES (?, ?)', [id, id * 1_000]);
  });
  let at: Forgetting | null = { table: 'recording', trash: 0, id: 0 };
  let steps = 0;
  for (; at; steps++) at = database.transaction(() => forgetSome(database, at as Forgetting, START));
  expect(database.all('SELECT min(id) AS first, count(*) AS rows FROM call_removed')).toEqual([
    { first: 301, rows: 300 },
  ]);
  expect(steps).toBe(4);
});

test('9006 refuses a since from before that, and takes every other', async () => {
  const opened = openBox();
  const ask = (async () => 5_000) as unknown as StoreClient['ask'];
  const old = { ...opened.store, ask };
  const away = openBox({ ports: { store: old } });
  expect((await away.ask(9006, 'since=4999')).body['error']).toMatchObject({ code: 'conflict', parameter: 'since' });
  expect((await away.ask(9006, 'since=5000')).status).toBe(200);
  expect((await away.ask(9006, 'since=0')).status).toBe(200);
  expect((await opened.ask(9006, 'since=1')).status).toBe(200);
});
