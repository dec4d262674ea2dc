/**
 * A migration that is killed, in each of its stages, or that its disk refuses: the next start finishes it, from the old
 * schema or the new one but never from something between, and the copy taken before is whole.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../daemon/config.ts';
import { storeOptions } from '../../daemon/state.ts';
import { openStoreHere } from '../../storage/here.ts';
import { type Database, openDatabase } from '../../storage/sql/database.ts';
import { migrations } from '../../storage/sql/migration/migrations.ts';
import { seededRandom } from '../simulator/random.ts';
import { unpacked } from '../storage/fixtures/fixture.ts';
import { sqlOn } from '../storage/helper.ts';
import { atFileEnd, temporaryFolder } from '../support/folder.ts';
import { leg } from '../support/legs.ts';
import { NODE_FLAGS } from '../support/production.ts';
import { audit } from './audit.ts';
import { boxEnv, type Folders, folders } from './box.ts';
import { type Disk, type How, killAt, type Operation, slowDisk } from './disk.ts';
import { emptyLedger, type Ledger, recordName } from './peer.ts';
import { stageOf, waysOf } from './stage.ts';

const SEED = Number(process.env['CDRD_TEST_SEED'] ?? 20261124);
const CHILD = fileURLToPath(new URL('migrate.child.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const OLD = migrations.length;
const CALLS = 40;

/** A store of the released schema with some calls in it. */
async function oldStore(root: string, ledger: Ledger): Promise<Folders> {
  const place = folders(root);
  mkdirSync(place.state);
  const store = openStoreHere(storeOptions(loadConfig(null, boxEnv(place, 0))));
  for (let call = 0; call < CALLS; call++) {
    const record = leg(1_620_000_000 + call * 10, { sequence: call });
    await store.write({ kind: 'leg', leg: record, source: 'ami' });
    ledger.sent.push(recordName(record.uniqueId, call));
    ledger.acknowledged.add(recordName(record.uniqueId, call));
  }
  for (const group of await store.ask('openGroups')) await store.write({ kind: 'close', group });
  await store.close();
  return place;
}

function migrate(
  place: Folders,
  disk: Disk | null,
  to: 'released' | 'next' = 'next',
): Promise<{ code: number | null; signal: string | null; log: string }> {
  const child = spawn(process.execPath, [...NODE_FLAGS, '--import', 'tsx', CHILD, place.state, to], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '', ...disk?.env },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 30_000,
  });
  let log = '';
  child.stderr.on('data', (text) => {
    log += text;
  });
  return new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal, log })));
}

interface Place {
  readonly operation: Operation;
  readonly nth: number;
  readonly how: How;
}

/** Each stage of a migration that nobody kills, and its places. */
function stagesOf(operations: readonly Operation[]): Map<string, Place[]> {
  const stages = new Map<string, Place[]>();
  operations.forEach((operation, index) => {
    const stage = stageOf(operations, index);
    if (stage === null) return;
    const before = operations.slice(0, index + 1);
    const nth = before.filter(({ kind, path }) => kind === operation.kind && path === operation.path).length;
    const places = stages.get(stage) ?? [];
    stages.set(stage, [...places, ...waysOf(operation).map((how) => ({ operation, nth, how }))]);
  });
  return stages;
}

/** The schema of a database file; opening it recovers it, so it is done on a copy. */
function schemaOf(file: string, copy: string): number {
  cpSync(file, copy);
  const database = openDatabase(copy);
  try {
    expect(database.all('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    return Number(database.first('PRAGMA user_version')?.['user_version']);
  } finally {
    database.close();
  }
}

describe('a migration killed', () => {
  test('in any of its stages is finished by the next start', { timeout: 240_000 }, async () => {
    const random = seededRandom(SEED);
    const root = temporaryFolder();
    const ledger = emptyLedger();
    const old = await oldStore(join(root, 'old'), ledger);
    const copied = (name: string): Folders => {
      cpSync(old.root, join(root, name), { recursive: true });
      return folders(join(root, name));
    };
    const surveyed = copied('survey');
    const disk = slowDisk(surveyed.state, surveyed.root);
    expect(await migrate(surveyed, disk)).toMatchObject({ code: 0 });
    const stages = stagesOf(disk.read().operations.map(stampless));
    expect([...stages.keys()]).toEqual(expect.arrayContaining(['backup: rename', 'WAL: page', 'WAL: fsync']));

    const rows: string[] = [];
    for (const [stage, places] of stages) {
      const place = copied(`room-${rows.length}`);
      const { operation, nth, how } = random.pick(places);
      const killing = slowDisk(place.state, place.root);
      killing.plan(killAt(operation, place.state, nth, how));
      const killed = await migrate(place, killing);
      expect({ stage, signal: killed.signal, log: killed.log }).toEqual({ stage, signal: 'SIGKILL', log: '' });
      const left = audit(place, ledger);
      expect({ stage, code: (await migrate(place, null)).code }).toEqual({ stage, code: 0 });
      const stays = audit(place, ledger);
      for (const { losses, doubles, faults } of [left, stays])
        expect({ stage, losses, doubles, faults }).toEqual({ stage, losses: [], doubles: [], faults: [] });
      const copy = (name: string) => join(place.root, `opened-${name}`);
      expect(schemaOf(join(place.state, 'cdrd.db'), copy('store.db'))).toBe(OLD + 1);
      const backups = readdirSync(join(place.state, 'backup'));
      expect(backups.length).toBeGreaterThan(0);
      expect({ stage, unfinished: backups.filter((name) => !name.endsWith('.db')) }).toEqual({ stage, unfinished: [] });
      for (const name of backups) expect(schemaOf(join(place.state, 'backup', name), copy(name))).toBe(OLD);
      rows.push(`migration · ${stage} · ${how}`);
    }
    console.log(`seed ${SEED}: killed once, nothing lost, nothing twice:\n${rows.join('\n')}`);
  });
});

describe('schema 19, whose index is larger than what SQLite holds in memory,', () => {
  const FROM = 18;
  /** As often as the calls of the fixture are there: the index has 1.5 MB, and the log gets pages before the commit. */
  const TIMES = 1_000;

  const root = temporaryFolder(atFileEnd());
  const old = folders(join(root, 'old'));
  let held: ReadonlyMap<string, string>;
  let surveyed: readonly Operation[];
  let room = 0;

  const copied = (): Folders => {
    const place = folders(join(root, `room-${room++}`));
    cpSync(old.root, place.root, { recursive: true });
    return place;
  };

  beforeAll(async () => {
    mkdirSync(old.state, { recursive: true });
    writeFileSync(join(old.state, 'cdrd.db'), unpacked(FROM, 'db.gz'), { mode: 0o600 });
    multiplyCalls(join(old.state, 'cdrd.db'), TIMES);
    held = await contentOf(old, FROM);
    const place = copied();
    const disk = slowDisk(place.state, place.root);
    expect(await migrate(place, disk, 'released')).toMatchObject({ code: 0, log: '' });
    surveyed = disk.read().operations;
    expect(await contentOf(place, FROM + 1)).toEqual(held);
  }, 120_000);

  /** Which page of the log this is, of those before the fsync of the commit; 0: the first, 1: the last. */
  const pageAt = (part: number): number => {
    const log = surveyed.filter(({ path }) => path === 'cdrd.db-wal').map(({ kind }) => kind);
    const pages = log.slice(0, log.indexOf('fsync')).filter((kind) => kind === 'write');
    expect(pages.length).toBeGreaterThan(300);
    return Math.max(1, Math.round(pages.length * part));
  };

  /** Nothing of the update is there, or all of it; then the next start finishes it; nothing was lost, and one can go back. */
  async function expectSound(place: Folders): Promise<void> {
    const schema = await schemaLeft(place);
    expect([FROM, FROM + 1]).toContain(schema);
    expect(await contentOf(place, schema)).toEqual(held);
    expect(await migrate(place, null, 'released')).toMatchObject({ code: 0, log: '' });
    expect(await contentOf(place, FROM + 1)).toEqual(held);
    // One that is begun anew makes a copy anew, of the same.
    const copies = readdirSync(join(place.state, 'backup'));
    expect(copies.length).toBeGreaterThan(0);
    for (const name of copies) {
      expect(name).toMatch(/^cdrd-schema18-\d{8}T\d{6}\.db$/);
      const back = folders(join(root, `back-${room++}`));
      mkdirSync(back.state, { recursive: true });
      cpSync(join(place.state, 'backup', name), join(back.state, 'cdrd.db'));
      expect(await contentOf(back, FROM)).toEqual(held);
    }
  }

  const KILLS: readonly (readonly [what: string, kind: string, nth: () => number, how: How])[] = [
    ['at the first page', 'write', () => pageAt(0), 'torn'],
    ['at a third of the index', 'write', () => pageAt(1 / 3), 'torn'],
    ['at two thirds of it', 'write', () => pageAt(2 / 3), 'after'],
    ['at the last page of the commit', 'write', () => pageAt(1), 'torn'],
    ['before the fsync of the commit', 'fsync', () => 1, 'before'],
    ['behind it', 'fsync', () => 1, 'after'],
  ];
  test.each(KILLS)('killed %s goes on', { timeout: 240_000 }, async (_, kind, nth, how) => {
    const place = copied();
    const disk = slowDisk(place.state, place.root);
    const operation = { kind, path: 'cdrd.db-wal', offset: 0, length: 0 };
    disk.plan(killAt(operation, place.state, nth(), how));
    expect(await migrate(place, disk, 'released')).toMatchObject({ signal: 'SIGKILL', log: '' });
    await expectSound(place);
  });

  const REFUSALS: readonly (readonly [what: string, plan: () => string, why: RegExp])[] = [
    ['the copy before it', () => 'fail any .part ENOSPC 1', /ENOSPC/],
    ['the first page', () => 'fail write -wal ENOSPC 1', /disk/],
    ['half of a page in the midst', () => `fail write -wal SHORT ${pageAt(0.5)}`, /disk/],
    ['everything from the midst on', () => `fail any any ENOSPC ${Math.ceil(surveyed.length / 2)}`, /disk/],
    ['the fsync of the commit', () => 'fail fsync -wal ENOSPC 1', /disk/],
  ];
  test.each(REFUSALS)(
    'on a disk too full for %s says so, and goes on when there is room',
    { timeout: 240_000 },
    async (_, plan, why) => {
      const place = copied();
      const disk = slowDisk(place.state, place.root);
      disk.plan(`${plan()}\n`);
      const refused = await migrate(place, disk, 'released');
      expect(refused).toMatchObject({ code: 1 });
      expect(refused.log).toMatch(/migration 19 failed, the store stays at schema 18/);
      expect(refused.log).toMatch(why);
      expect(await schemaLeft(place)).toBe(FROM);
      await expectSound(place);
    },
  );
});

/** Makes of each call that is over so many, each in a group of its own; the sums by day follow by their triggers. */
function multiplyCalls(file: string, times: number): void {
  const kept = ['open', 'start_at', 'start_offset', 'answer_at', 'end_at', 'end_offset', 'src', 'dst', 'src_trunk'];
  const more = ['dst_trunk', 'port', 'duration', 'billsec', 'disposition', 'calltype', 'accountcode', 'cidname', 'ivr'];
  const columns = [...kept, ...more].join(', ');
  sqlOn(
    file,
    `WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ${times})
     INSERT INTO call (call_group, anchor, changed, uniqueid, recording, ${columns})
     SELECT call_group || '#' || n, anchor, changed, uniqueid, '', ${columns} FROM call, n WHERE open = 0 AND trash IS NULL`,
  );
}

/** As the next start would find the store, on a copy. */
async function opened<T>({ root, state }: Folders, look: (database: Database) => T): Promise<T> {
  const copy = join(root, 'copy');
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy);
  for (const name of readdirSync(state))
    if (/^cdrd\.db(-wal)?$/.test(name)) cpSync(join(state, name), join(copy, name));
  const database = openDatabase(join(copy, 'cdrd.db'));
  try {
    expect(database.all('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    return look(database);
  } finally {
    database.close();
  }
}

function schemaLeft(place: Folders): Promise<number> {
  return opened(place, (database) => Number(database.first('PRAGMA user_version')?.['user_version']));
}

/** A digest of each table's rows. @param schema That it has. */
async function contentOf(place: Folders, schema: number): Promise<ReadonlyMap<string, string>> {
  expect(await schemaLeft(place)).toBe(schema);
  return opened(place, (database) => {
    const tables = database.all("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
    return new Map(
      tables.map(({ name }) => {
        const rows = database.all(`SELECT * FROM "${name}"`).map((row) => JSON.stringify(row));
        return [String(name), `${rows.length} ${createHash('sha1').update(rows.sort().join()).digest('hex')}`];
      }),
    );
  });
}

/** A backup's name holds its time: a plan can only name its end. */
function stampless(operation: Operation): Operation {
  return { ...operation, path: operation.path.replace(/^backup\/.*(\.db(\.part)?)$/, 'backup/*$1') };
}
