/** Recordings on media that are exchanged: one path is one file on each, tied as copies, deleted on one alone. */
import { expect, onTestFinished, test } from 'vitest';
import { openStoreHere } from '../../storage/here.ts';
import { openDatabase } from '../../storage/sql/database.ts';
import { migrate } from '../../storage/sql/migrate.ts';
import { migrations } from '../../storage/sql/migration/migrations.ts';
import type { TrashStep } from '../../storage/store.ts';
import { emptyStore } from '../support/empty-store.ts';
import { temporaryFolder } from '../support/folder.ts';
import { leg, storeOptions } from '../support/legs.ts';
import { put, rowsOf, shut, sqlOn } from './helper.ts';

const START = 1_619_082_110; // answered 2 s later
const PATH = `20210422/20210422-010152-${START + 2}-Internal-205-204.wav`;
const file = (path = PATH, size = 44) => ({ path, size, mtimeMs: START * 1_000, seconds: 3, state: 'ok' as const });

function fresh() {
  const options = emptyStore(storeOptions(temporaryFolder()));
  const store = openStoreHere(options);
  let open = true;
  const close = async () => {
    if (open) await store.close();
    open = false;
  };
  onTestFinished(close);
  const see = async (mark: string) => (await store.write({ kind: 'mediumSeen', mark })).medium ?? 0;
  const left = async (sql: string) => {
    await close();
    return sqlOn(options.file, sql);
  };
  const shown = async () => (await rowsOf(store, 'call', [['recording', 'recording']])).map((row) => row['recording']);
  return { store, see, left, shown };
}

test('a medium is found again by its mark, and the first one takes over what had none', async () => {
  const { see, left } = fresh();
  const [a, b] = [await see('stick a'), await see('stick b')];
  expect([a, b, await see('stick a'), await see('stick b')]).toEqual([1, 2, 1, 2]);
  const rows = await left('SELECT mark, first_at > 0 AS dated, seen_at >= first_at AS seen FROM medium ORDER BY id');
  expect(rows).toEqual([
    { mark: 'stick a', dated: 1, seen: 1 },
    { mark: 'stick b', dated: 1, seen: 1 },
  ]);
});

test('one path on two media is two rows, each with what is known of its own file', async () => {
  const { store, see } = fresh();
  const [a, b] = [await see('a'), await see('b')];
  const first = await store.write({ kind: 'recordings', medium: a, files: [file(PATH, 44)] });
  const second = await store.write({ kind: 'recordings', medium: b, files: [file(PATH, 88), file('other.wav')] });
  expect([first.recordings.length, second.recordings.length]).toEqual([1, 2]);
  const known = (medium: number) => store.ask('knownRecordings', { medium, folder: '20210422' });
  expect([await known(a), await known(b)]).toEqual([
    expect.stringMatching(/\.wav\t44\t/),
    expect.stringMatching(/\.wav\t88\t/),
  ]);
  expect([await store.ask('recordingFolders', a), await store.ask('recordingFolders', b)]).toEqual([
    ['20210422'],
    ['', '20210422'],
  ]);
  await store.write({ kind: 'gone', medium: b, paths: [PATH] });
  expect([await known(a), await known(b)]).toEqual([expect.stringContaining('.wav'), '']);
});

test.each([
  ['named', { recordingFile: `/media/usbStorage/monitor/${PATH.slice(0, -4)}` }],
  ['near', {}],
])('both copies belong to the call, tied as %s, whichever comes first', async (match, names) => {
  const { store, see, left } = fresh();
  const [a, b, c] = [await see('a'), await see('b'), await see('c')];
  await store.write({ kind: 'recordings', medium: a, files: [file()] });
  await store.write({ kind: 'recordings', medium: b, files: [file()] });
  const record = leg(START, names);
  await put(store, record);
  await shut(store, record);
  await store.write({ kind: 'recordings', medium: c, files: [file()] });
  const ties = await left('SELECT call_id, match FROM recording ORDER BY medium');
  expect(ties).toEqual([1, 2, 3].map(() => ({ call_id: 1, match })));
});

test('a recording in the trash of one medium is still shown by its call while another has it', async () => {
  const { store, see, shown } = fresh();
  const [a, b] = [await see('a'), await see('b')];
  const record = leg(START, { recordingFile: `/media/usbStorage/monitor/${PATH.slice(0, -4)}` });
  await put(store, record);
  await shut(store, record);
  for (const medium of [a, b]) await store.write({ kind: 'recordings', medium, files: [file()] });
  const trash = async (medium: number) => {
    const by = { who: 'admin', address: '' };
    const deletion = { kind: 'recording' as const, ...by, medium, expiresAt: 9e9, content: [PATH] };
    const begun = await store.write({ kind: 'deletion', deletion, audit: { ...by, action: 'x', detail: {} } });
    const id = begun.deletion?.id ?? 0;
    const step: TrashStep = { id, from: 'deleting', state: 'deleting', progress: { next: 0 }, hide: [PATH] };
    await store.write({ kind: 'trash', step });
    expect((await store.ask('unfinishedDeletions')).at(-1)?.medium).toBe(medium);
  };
  const names = async () => (await rowsOf(store, 'recording', [['path', 'path']])).length;
  expect([await shown(), await names()]).toEqual([[PATH], 2]);
  await trash(b);
  expect([await shown(), await names()]).toEqual([[PATH], 1]);
  await trash(a);
  expect([await shown(), await names()]).toEqual([[''], 0]);
});

test('a change of the medium is told in its turn, with what it was', async () => {
  const { store } = fresh();
  const change = { state: 'mounted', why: 'read-only', writable: false, device: '8:1', medium: 1 };
  const told = await store.write({ kind: 'mediumChanged', change });
  expect((await store.ask('outbox', 0)).events).toEqual([
    { sequence: told.change, kind: 'medium', at: expect.any(Number), ...change },
  ]);
});

test('a medium that is as it was has not changed, and one that is well where none was told of has not either', async () => {
  const { store } = fresh();
  const well = { state: 'mounted', why: '', writable: true, device: '8:1', medium: 1 };
  const dead = { state: 'dead', why: 'pulled out', writable: false, device: '8:1', medium: null };
  const told = async (change: typeof well | typeof dead) =>
    (await store.write({ kind: 'mediumChanged', change })).change !== null;
  expect([await told(well), await told({ ...well, device: '8:17' })]).toEqual([false, false]);
  expect([await told(dead), await told({ ...dead, why: 'two threads hang' })]).toEqual([true, false]);
  expect([await told(well), await told(well), await told({ ...well, medium: 2 })]).toEqual([true, false, true]);
});

test('the first medium is kept though it is not told: another in its place is a change, even behind a stop', async () => {
  const { store } = fresh();
  const change = (medium: number) =>
    store.write({
      kind: 'mediumChanged',
      change: { state: 'mounted', why: '', writable: true, device: '8:1', medium },
    });
  expect((await change(1)).change).toBeNull();
  const { change: told } = await change(2);
  expect((await store.ask('outbox', 0)).events).toMatchObject([{ sequence: told, kind: 'medium', medium: 2 }]);
});

test('recordings of a store from before are those of its first medium, ties, trash and ids kept', async () => {
  const options = storeOptions(temporaryFolder());
  const old = openDatabase(options.file);
  migrate(old, options.file, migrations.slice(0, 6));
  const columns = 'path, folder, size, mtime_ms, seconds, state, wall_at, answer_at, calltype, trunk, src, dst';
  const values = "44, 1000, 3, 'ok', 5, 6, 'Internal', '', '205', '620(204)'";
  old.run(`INSERT INTO recording (id, ${columns}, call_id, match, found_at, gone_at, trash)
    VALUES (3, 'd/a.wav', 'd', ${values}, 9, 'near', 100, NULL, NULL), (8, 'd/b.wav', 'd', ${values}, NULL, NULL, 200, 300, 1)`);
  old.run(`INSERT INTO deletion (token, kind, state, who, address, at, expires_at, content, progress, count, bytes)
    VALUES ('t', 'recording', 'deleted', 'admin', '', 1, 2, '["d/b.wav"]', 'null', 1, 44)`);
  old.close();

  const store = openStoreHere(options);
  expect((await store.write({ kind: 'mediumSeen', mark: 'stick' })).medium).toBe(1);
  expect(await store.ask('knownRecordings', { medium: 1, folder: 'd' })).toBe('a.wav\t44\t1000');
  const fresh = await store.write({ kind: 'recordings', medium: 1, files: [file('d/c.wav')] });
  expect(fresh.recordings).toHaveLength(1);
  await store.close();
  const rows = sqlOn(
    options.file,
    'SELECT id, medium, path, call_id, match, found_at, gone_at, trash, keep, dst_outer, dst_inner FROM recording WHERE id < 9',
  );
  const both = { medium: 1, keep: 0, dst_outer: '620', dst_inner: '204' };
  expect(rows).toEqual([
    { ...both, id: 3, path: 'd/a.wav', call_id: 9, match: 'near', found_at: 100, gone_at: null, trash: null },
    { ...both, id: 8, path: 'd/b.wav', call_id: null, match: null, found_at: 200, gone_at: 300, trash: 1 },
  ]);
  expect(sqlOn(options.file, 'SELECT mark, first_at FROM medium')).toEqual([{ mark: 'stick', first_at: 100 }]);
  expect(sqlOn(options.file, 'SELECT medium FROM deletion')).toEqual([{ medium: 1 }]);
  expect(sqlOn(options.file, 'SELECT max(id) AS id FROM recording')).toEqual([{ id: 9 }]);
});
