/** What a record costs: how much is written for it, and what is not done twice. */
import { expect, onTestFinished, test } from 'vitest';
import { openStoreHere } from '../../storage/here.ts';
import { createLanes, type Request } from '../../storage/lanes.ts';
import { type Bind, type Database, openDatabase } from '../../storage/sql/database.ts';
import { migrate } from '../../storage/sql/migrate.ts';
import { migrations } from '../../storage/sql/migration/migrations.ts';
import { callOfRecording, tie } from '../../storage/sql/tie.ts';
import { emptyStore } from '../support/empty-store.ts';
import { temporaryFolder } from '../support/folder.ts';
import { leg, storeOptions } from '../support/legs.ts';
import { put, sqlOn } from './helper.ts';

const NOON = 1_619_082_110;

function fresh() {
  const folder = temporaryFolder();
  const store = openStoreHere(emptyStore(storeOptions(folder)));
  let closed = false;
  const close = async () => {
    if (!closed) await store.close();
    closed = true;
  };
  onTestFinished(close);
  const look = async (sql: string) => {
    await close();
    return sqlOn(storeOptions(folder).file, sql);
  };
  return { store, look };
}

test('what is given in one turn of the loop shares a commit', async () => {
  const requests: Request[] = [];
  const lanes = createLanes(async (request) => {
    requests.push(request);
    return { value: (request.argument as unknown[]).map(() => ({ done: null })), ms: 0 };
  });
  const closes = ['a', 'b', 'c'].map((group) => lanes.write({ kind: 'close', group }));
  await Promise.all(closes);
  expect(requests.map(({ argument }) => (argument as unknown[]).length)).toEqual([3]);
});

test('a second source that tells the same leaves its origin and touches no call; one that tells more amends it', async () => {
  const { store, look } = fresh();
  const file = { signature: 's', path: '/Master.csv', offset: 70, line: 2, tail: '' };
  const csv = (legs: ReturnType<typeof leg>[]) =>
    store.write({
      kind: 'csv',
      batch: { ...file, legs, places: legs.map(() => ({ line: 1, offset: 7 })), faults: [] } as never,
    });
  const [same, more] = [leg(NOON), leg(NOON + 60)];
  await put(store, same);
  await put(store, more);
  expect((await csv([same])).open).toEqual([]);
  expect((await csv([{ ...more, cidName: 'FROM96' }])).open).toHaveLength(1);
  expect(
    await look(`SELECT sources, ami_at > 0 AS told, csv_file, csv_line, csv_position, call.cidname
      FROM leg JOIN call USING (call_group) ORDER BY leg.id`),
  ).toEqual([
    { sources: 3, told: 1, csv_file: 's', csv_line: 1, csv_position: 7, cidname: '' },
    { sources: 3, told: 1, csv_file: 's', csv_line: 1, csv_position: 7, cidname: 'FROM96' },
  ]);
});

test('a record with a NUL, told again, is the same record', async () => {
  const { store } = fresh();
  const record = leg(NOON, { channel: 'SIP/2\x0005-00000000' });
  expect((await put(store, record)).records).toEqual([1]);
  expect((await put(store, record)).records).toEqual([null]);
});

test('what ties a recording to its call, and lets it go, looks through no table', async () => {
  const folder = temporaryFolder();
  const options = emptyStore(storeOptions(folder));
  const database = openDatabase(options.file);
  onTestFinished(() => database.close());
  migrate(database, options.file, migrations);
  const plans: string[] = [];
  const looking: Database = Object.assign(Object.create(database) as Database, {
    all(sql: string, binds: readonly Bind[] = []) {
      plans.push(...database.all(`EXPLAIN QUERY PLAN ${sql}`, binds).map(({ detail }) => String(detail)));
      return database.all(sql, binds);
    },
    first(sql: string, binds: readonly Bind[] = []) {
      return looking.all(sql, binds)[0];
    },
  });
  callOfRecording(looking, { path: 'a.wav', answer: NOON, src: '205', dst: '204' });
  database.run(
    "INSERT INTO recording (medium, path, folder, size, mtime_ms, seconds, state, wall_at, calltype, trunk, src, dst, call_id, found_at) VALUES (1, 'a.wav', '', 1, 1, 1, 'ok', 1, '', '', '', '', 7, 1)",
  );
  tie(looking, 7, 'b.wav', 'named');
  expect(plans.filter((plan) => plan.startsWith('SCAN'))).toEqual([]);
  expect(plans.filter((plan) => plan.includes('call_recording'))).toHaveLength(2);
});
