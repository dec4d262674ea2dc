/** The database file: opened, fenced, migrated, backed up, and what becomes of it when the disk refuses. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { openStoreHere } from '../../storage/here.ts';
import { type Database, openDatabase } from '../../storage/sql/database.ts';
import { migrate } from '../../storage/sql/migrate.ts';
import { migrations } from '../../storage/sql/migration/migrations.ts';
import { createStatements } from '../../storage/sql/statements.ts';
import { temporaryFolder } from '../support/folder.ts';
import { leg, storeOptions } from '../support/legs.ts';
import { NODE_FLAGS } from '../support/production.ts';
import { countOf, put, shut, sqlOn } from './helper.ts';

const NOON = 1_619_082_110;

function fresh(file = `${temporaryFolder()}/cdrd.db`): Database & { readonly file: string } {
  const database = openDatabase(file);
  onTestFinished(() => database.close());
  return Object.assign(Object.create(database) as Database, { file });
}
const numbers = (database: Database) => database.all('SELECT n FROM t ORDER BY n').map((row) => row['n']);

describe('a statement', () => {
  test('that failed is made anew and works', () => {
    const database = fresh();
    database.run('CREATE TABLE t (n INTEGER PRIMARY KEY) STRICT');
    const insert = (n: string | number) => database.run('INSERT INTO t VALUES (?)', [n]);
    for (const good of [1, 2, 3]) {
      insert(good);
      expect(() => insert(good)).toThrow(/UNIQUE/);
      expect(() => insert('x')).toThrow(/datatype mismatch/);
    }
    expect(numbers(database)).toEqual([1, 2, 3]);
  });

  test('is one of many: those long unused are let go, and come back', () => {
    const database = fresh();
    database.run('CREATE TABLE t (n INTEGER) STRICT');
    database.run('INSERT INTO t VALUES (7)');
    const ask = (index: number) => database.first(`SELECT n + ${index} AS n FROM t`)?.['n'];
    for (let round = 0; round < 2; round++)
      for (let index = 0; index < 250; index++) expect(ask(index)).toBe(7 + index);
    // A statement left unfinalised would leave the lock behind.
    database.close();
    expect(existsSync(`${database.file}.lock`)).toBe(false);
  });

  test('is kept while it is in use, short and good', () => {
    const made: string[] = [];
    const gone: string[] = [];
    const statements = createStatements((sql) => {
      made.push(sql);
      return { finalize: () => void gone.push(sql) };
    });
    const use = (sql: string) => statements.use(sql, () => sql);
    use('a');
    use('a');
    expect([made, gone]).toEqual([['a'], []]);
    for (let index = 0; index < 99; index++) use(String(index));
    use('a');
    use('99'); // the hundred and first: 0 has been unused for longest
    expect([made.length, gone]).toEqual([101, ['0']]);
    const long = 'x'.repeat(4_097);
    use(long);
    expect(gone).toEqual(['0', long]);
    expect(() =>
      statements.use('a', () => {
        throw new Error('failed');
      }),
    ).toThrow('failed');
    expect(gone.at(-1)).toBe('a');
    statements.clear();
    expect([...gone].sort()).toEqual([...made].sort());
  });

  test('binds text whole, but for NULs', () => {
    const database = fresh();
    database.run('CREATE TABLE t (n TEXT) STRICT');
    for (const text of ['a\0b\0', '\u{1F4DE}ü', "'; DROP TABLE t; --", 'x'.repeat(100_000)]) {
      database.run('DELETE FROM t');
      database.run('INSERT INTO t VALUES (?)', [text]);
      expect(numbers(database)).toEqual([text.replaceAll('\0', '')]);
    }
  });
});

describe('a transaction', () => {
  test('is all or nothing, and an attempt in it stands alone', () => {
    const database = fresh();
    database.run('CREATE TABLE t (n INTEGER PRIMARY KEY) STRICT');
    const insert = (n: number) => database.run('INSERT INTO t VALUES (?)', [n]);
    expect(() =>
      database.transaction(() => {
        insert(1);
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(numbers(database)).toEqual([]);
    const outcomes = database.transaction(() => [
      database.attempt(() => insert(1).changes),
      database.attempt(() => {
        insert(2);
        insert(1);
      }),
      database.attempt(() => insert(3).changes),
    ]);
    expect(outcomes).toEqual([
      { done: 1 },
      { failed: { code: 'internal', message: expect.stringContaining('UNIQUE') } },
      { done: 1 },
    ]);
    expect(numbers(database)).toEqual([1, 3]);
    expect(database.lastCommitMs).toBeGreaterThan(0);
  });

  test('that SQLite itself has undone fails whole: nothing after it is committed by the way', () => {
    const database = fresh();
    database.run('CREATE TABLE t (n INTEGER PRIMARY KEY) STRICT');
    const insert = (n: number) => database.run('INSERT INTO t VALUES (?)', [n]);
    const work = () =>
      database.transaction(() => {
        insert(1);
        database.attempt(() => {
          database.run('ROLLBACK'); // as a full disk does, of its own accord
          throw new Error('undone');
        });
        database.attempt(() => insert(2));
      });
    expect(work).toThrow('undone');
    expect(numbers(database)).toEqual([]);
    database.transaction(() => insert(4));
    expect(numbers(database)).toEqual([4]);
  });
});

describe('migrations', () => {
  const create = ['CREATE TABLE t (n INTEGER) STRICT', 'INSERT INTO t VALUES (1)'];
  const second = ['ALTER TABLE t ADD COLUMN second TEXT', "UPDATE t SET second = 'two'"];
  const third = ['ALTER TABLE t ADD COLUMN third TEXT', "UPDATE t SET third = 'three'"];
  const fourth = ['DELETE FROM t'];
  const headerOf = (database: Database) =>
    ['user_version', 'application_id'].map((name) => database.first(`PRAGMA ${name}`)?.[name]);
  const backups = (folder: string) => (existsSync(`${folder}/backup`) ? readdirSync(`${folder}/backup`).sort() : []);

  test('run in order, after one copy of what was; of the last two updates they stay', () => {
    const folder = temporaryFolder();
    const file = `${folder}/cdrd.db`;
    const database = fresh(file);
    migrate(database, file, [create]);
    expect(backups(folder)).toEqual([]); // there was nothing yet
    mkdirSync(`${folder}/backup`);
    writeFileSync(`${folder}/backup/cdrd-schema1-20200101T000000.db.part`, 'left by a kill');
    writeFileSync(`${folder}/backup/cdrd-schema9-20200101T000000.db`, 'old');
    writeFileSync(`${folder}/backup/mine.db`, 'somebody’s own');
    migrate(database, file, [create, second]);
    migrate(database, file, [create, second, third, fourth]);
    expect(database.all('SELECT * FROM t')).toEqual([]);
    expect(headerOf(database)).toEqual([4, 0]);
    const names = backups(folder);
    expect(names).toEqual([
      expect.stringMatching(/^cdrd-schema1-\d{8}T\d{6}\.db$/),
      expect.stringMatching(/^cdrd-schema2-\d{8}T\d{6}\.db$/),
      'mine.db',
    ]);
    const [before2, before3] = names.map((name) => `${folder}/backup/${name}`);
    expect(sqlOn(before2 ?? '', 'SELECT * FROM t')).toEqual([{ n: 1 }]);
    expect(sqlOn(before3 ?? '', 'SELECT * FROM t')).toEqual([{ n: 1, second: 'two' }]);
  });

  test('that are interrupted go on without another copy: the one of before the update stays', () => {
    const folder = temporaryFolder();
    const file = `${folder}/cdrd.db`;
    const database = fresh(file);
    migrate(database, file, [create]);
    const cut = ['SELECT * FROM nowhere'];
    expect(() => migrate(database, file, [create, second, cut, fourth])).toThrow(/migration 3 failed/);
    expect(headerOf(database)).toEqual([2, 1]);
    expect(() => migrate(database, file, [create, second, third, cut, fourth])).toThrow(/migration 4 failed/);
    expect(headerOf(database)).toEqual([3, 1]);
    expect(backups(folder)).toEqual([expect.stringMatching(/^cdrd-schema1-/)]);
    // The copy was taken away by hand meanwhile: then what is there now is copied.
    rmSync(`${folder}/backup`, { recursive: true });
    migrate(database, file, [create, second, third, fourth]);
    expect(headerOf(database)).toEqual([4, 0]);
    expect(backups(folder)).toEqual([expect.stringMatching(/^cdrd-schema3-/)]);
  });

  test('that are interrupted, and whose cdrd of in between is installed: the next update is one of its own', () => {
    const folder = temporaryFolder();
    const file = `${folder}/cdrd.db`;
    const database = fresh(file);
    migrate(database, file, [create]);
    expect(() => migrate(database, file, [create, second, ['SELECT * FROM nowhere']])).toThrow(/migration 3 failed/);
    migrate(database, file, [create, second]);
    expect(headerOf(database)).toEqual([2, 0]);
    migrate(database, file, [create, second, third]);
    expect(backups(folder)).toEqual([expect.stringMatching(/^cdrd-schema1-/), expect.stringMatching(/^cdrd-schema2-/)]);
  });

  test('keep the copy that a box with an unset clock has just made', () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 5_000 });
    onTestFinished(() => void vi.useRealTimers());
    const folder = temporaryFolder();
    const database = fresh(`${folder}/cdrd.db`);
    migrate(database, `${folder}/cdrd.db`, [create]);
    mkdirSync(`${folder}/backup`);
    for (const name of ['cdrd-schema8-20260101T000000.db', 'cdrd-schema9-20260102T000000.db'])
      writeFileSync(`${folder}/backup/${name}`, 'of another year');
    migrate(database, `${folder}/cdrd.db`, [create, second]);
    expect(backups(folder)).toEqual(['cdrd-schema1-19700101T000005.db', 'cdrd-schema9-20260102T000000.db']);
  });

  test('that fail leave the schema as it was, and say so', async () => {
    const options = storeOptions(temporaryFolder());
    const store = openStoreHere(options);
    await put(store, leg(NOON));
    await store.close();
    const broken = [...migrations, ['CREATE TABLE extra (n INTEGER)', 'INSERT INTO nowhere VALUES (1)']];
    expect(() => openStoreHere({ ...options, migrations: broken })).toThrow(
      `migration ${broken.length} failed, the store stays at schema ${migrations.length}: no such table: nowhere`,
    );
    // The daemon that was before goes on with it.
    const again = openStoreHere(options);
    expect(await again.ask('openGroups')).toEqual([`${NOON}.0`]);
    await again.close();
    expect(sqlOn(options.file, "SELECT name FROM sqlite_schema WHERE name = 'extra'")).toEqual([]);
    expect(sqlOn(options.file, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  });

  test('never touch a newer store', () => {
    const database = fresh();
    migrate(database, database.file, [create, second]);
    expect(() => migrate(database, database.file, [create])).toThrow(/schema 2, this cdrd knows up to 1/);
    expect(database.all('SELECT * FROM t')).toEqual([{ n: 1, second: 'two' }]);
  });
});

describe('another program', () => {
  const SECOND = `
    const { Database } = require('node-sqlite3-wasm');
    const database = new Database(process.argv[1]);
    database.exec('INSERT INTO t VALUES (666)');
    database.close();`;

  test('of the same library can’t write while we have it open', () => {
    const database = fresh();
    database.run('CREATE TABLE t (n INTEGER) STRICT');
    database.transaction(() => database.run('INSERT INTO t VALUES (1)'));
    const second = spawnSync(process.execPath, [...NODE_FLAGS, '-e', SECOND, database.file], { encoding: 'utf8' });
    expect(second.status).not.toBe(0);
    expect(second.stderr).toMatch(/locked|unable to open/);
    database.transaction(() => database.run('INSERT INTO t VALUES (2)'));
    expect(numbers(database)).toEqual([1, 2]);
    expect(existsSync(`${database.file}.lock`)).toBe(true);
  });

  const cli = spawnSync('sqlite3', ['--version']).status === 0;
  test.skipIf(!cli)('sqlite3 reads what is live, can’t write, and costs us no row', async () => {
    const options = storeOptions(temporaryFolder());
    const store = openStoreHere(options);
    onTestFinished(() => store.close());
    await put(store, leg(NOON));
    const sqlite3 = (sql: string) => spawnSync('sqlite3', [options.file, sql], { encoding: 'utf8' });
    expect(sqlite3('SELECT count(*) FROM leg').stdout).toBe('1\n');
    const write = sqlite3('DELETE FROM leg');
    expect(write.status).not.toBe(0);
    await put(store, leg(NOON + 1));
    expect(sqlite3('SELECT count(*) FROM leg; PRAGMA integrity_check').stdout).toBe('2\nok\n');
    expect(existsSync(`${options.file}-wal`)).toBe(true);
    await put(store, leg(NOON + 2));
    expect(sqlite3('SELECT count(*) FROM leg').stdout).toBe('3\n');
  });

  test('that left its shared-memory file while we were away keeps nobody from starting', async () => {
    const options = storeOptions(temporaryFolder());
    await openStoreHere(options).close();
    rmSync(`${options.file}-shm`, { recursive: true });
    writeFileSync(`${options.file}-shm`, Buffer.alloc(32_768));
    const store = openStoreHere(options);
    await put(store, leg(NOON));
    await store.close();
    expect(readdirSync(`${options.file}-shm`)).toEqual([]);
  });
});

describe('a kill', () => {
  test('in the middle of the first opening leaves nothing that stops the next', async () => {
    const options = storeOptions(temporaryFolder());
    writeFileSync(`${options.file}.new`, 'half a database');
    writeFileSync(`${options.file}.new-wal`, 'and half a log');
    mkdirSync(`${options.file}.new.lock`);
    const store = openStoreHere(options);
    await put(store, leg(NOON));
    await store.close();
    expect(readdirSync(options.file.replace('/cdrd.db', '')).sort()).toEqual([
      'cdrd.db',
      'cdrd.db-shm',
      'cdrd.db.numbers',
    ]);
  });

  test('leaves the lock; with it gone everything acknowledged is there', () => {
    const options = storeOptions(temporaryFolder());
    const { file } = options;
    const script = `
      import { openStoreHere } from '${new URL('../../storage/here.ts', import.meta.url).pathname}';
      import { leg } from '${new URL('../support/legs.ts', import.meta.url).pathname}';
      const store = openStoreHere(${JSON.stringify(options)});
      for (let index = 0; index < 20; index++) {
        await store.write({ kind: 'leg', leg: leg(${NOON} + index), source: 'ami' });
        process.stdout.write(index + ' ');
      }
      process.kill(process.pid, 'SIGKILL');`;
    const killed = spawnSync(
      process.execPath,
      [...NODE_FLAGS, '--import', 'tsx', '--input-type=module', '-e', script],
      {
        encoding: 'utf8',
      },
    );
    expect([killed.signal, killed.stdout.trim().split(' ').length]).toEqual(['SIGKILL', 20]);
    expect(() => openStoreHere(options)).toThrow(/locked/);
    rmSync(`${file}.lock`, { recursive: true }); // daemon/lock.ts does it, once the process is proven dead
    const store = openStoreHere(options);
    onTestFinished(() => store.close());
    return expect(store.ask('openGroups')).resolves.toHaveLength(20);
  });
});

const root = process.getuid?.() === 0;
describe.skipIf(!root)('a full disk', () => {
  /** A disk of its own, of this size. */
  function smallDisk(bytes: number): string {
    const folder = temporaryFolder();
    const disk = `${folder}/disk`;
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', disk]);
    onTestFinished(() => void execFileSync('umount', ['-l', disk]));
    return disk;
  }
  /** Fills it but for this much. */
  function fill(disk: string, leave: number): void {
    const free = Number(
      execFileSync('stat', ['-f', '-c', '%a %S', disk], { encoding: 'utf8' })
        .split(' ')
        .reduce((a, b) => String(Number(a) * Number(b))),
    );
    writeFileSync(`${disk}/filler`, Buffer.alloc(Math.max(0, free - leave)));
  }
  const mountable = root && smallDiskWorks();
  function smallDiskWorks(): boolean {
    return spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;
  }

  test.skipIf(!mountable)(
    'refuses writes by that name, loses nothing acknowledged, and all goes on when there is room',
    async () => {
      const disk = smallDisk(6_000_000);
      const options = storeOptions(disk);
      const store = openStoreHere(options);
      let open = true;
      onTestFinished(async () => void (open && (await store.close())));
      await put(store, leg(NOON));
      fill(disk, 400_000);
      const outcomes: string[] = [];
      const large = (index: number) => leg(NOON + index, { lastData: 'x'.repeat(8_000) });
      for (let index = 1; index <= 20; index++)
        outcomes.push(
          await put(store, large(index)).then(
            () => 'stored',
            (error: { code: string }) => error.code,
          ),
        );
      expect(outcomes).toContain('disk_full');
      expect(new Set(outcomes)).toEqual(new Set(['stored', 'disk_full']));
      // A whole batch fails whole or each for itself, and says the same.
      const batch = await Promise.allSettled(Array.from({ length: 300 }, (_, index) => put(store, large(100 + index))));
      expect(
        new Set(
          batch.map((result) => (result.status === 'rejected' ? (result.reason as { code: string }).code : 'stored')),
        ),
      ).toEqual(new Set(['disk_full']));
      expect(await store.ask('openGroups')).toHaveLength(1 + outcomes.filter((outcome) => outcome === 'stored').length);
      rmSync(`${disk}/filler`);
      expect(await store.ask('probeDisk')).toMatchObject({ state: 'ok' });
      await put(store, large(50));
      await shut(store, large(50));
      expect(await countOf(store, 'call', { start: {} })).toBe(1);
      await store.close();
      open = false;
      expect(sqlOn(options.file, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
      expect(sqlOn(options.file, 'SELECT count(*) AS n FROM leg')).toEqual([
        { n: 2 + outcomes.filter((outcome) => outcome === 'stored').length },
      ]);
    },
  );

  test.skipIf(!mountable)(
    'leaves a stretch of the CSV to be read again, instead of taking its records for broken lines',
    async () => {
      const disk = smallDisk(8_000_000);
      const store = openStoreHere(storeOptions(disk));
      onTestFinished(() => store.close());
      await put(store, leg(NOON));
      fill(disk, 600_000);
      const legs = Array.from({ length: 60 }, (_, index) => leg(NOON + 1 + index, { lastData: 'x'.repeat(60_000) }));
      const place = { offset: 9_000_000, line: 60, tail: 'dGFpbA==' };
      const batch = { signature: 's', path: 'Master.csv', ...place, legs, places: legs.map(() => place), faults: [] };
      await expect(store.write({ kind: 'csv', batch })).rejects.toMatchObject({ code: 'disk_full' });
      expect(await store.ask('csvPositions')).toEqual([]);
      rmSync(`${disk}/filler`);
      expect(await store.ask('probeDisk')).toMatchObject({ state: 'ok' });
      const { records } = await store.write({ kind: 'csv', batch });
      expect(records.filter((sequence) => sequence !== null)).toHaveLength(60);
      expect(await store.ask('csvPositions')).toEqual([{ signature: 's', ...place }]);
    },
  );

  test.skipIf(!mountable)('keeps a migration from beginning without its backup', async () => {
    const disk = smallDisk(4_000_000);
    const options = storeOptions(disk);
    await openStoreHere(options).close();
    fill(disk, 60_000);
    const next = [...migrations, ['CREATE TABLE extra (n INTEGER)']];
    expect(() => openStoreHere({ ...options, migrations: next })).toThrow(
      expect.objectContaining({ code: 'disk_full' }),
    );
    rmSync(`${disk}/filler`);
    await openStoreHere({ ...options, migrations: next }).close();
    expect(readdirSync(`${disk}/backup`)).toHaveLength(1);
    expect(
      readFileSync(`${disk}/backup/${readdirSync(`${disk}/backup`)[0]}`)
        .subarray(0, 15)
        .toString(),
    ).toBe('SQLite format 3');
  });
});
