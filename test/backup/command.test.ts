/** backup, restore and export as a technician has them: the shipped program in processes of its own. */
import { execFileSync, type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { backup } from '../../daemon/command/backup.ts';
import { exportAll } from '../../daemon/command/export.ts';
import { restore } from '../../daemon/command/restore.ts';
import { openStoreHere } from '../../storage/here.ts';
import { sqlOn } from '../storage/helper.ts';
import { startDaemon, type TestDaemon, WORKERS, WWW } from '../support/daemon.ts';
import { temporaryFolder } from '../support/folder.ts';
import { leg, storeOptions } from '../support/legs.ts';
import { whyNoMounts } from '../support/mount.ts';
import { NODE_FLAGS } from '../support/production.ts';

const PROGRAM = new URL('../.build/cdrd.mjs', import.meta.url).pathname;
const NOON = 1_619_082_110;

const envOf = (folder: string) => ({
  PATH: process.env['PATH'] ?? '',
  CDRD_STATE_DIR: `${folder}/state`,
  CDRD_RUN_DIR: `${folder}/run`,
  CDRD_RECORDINGS_DIR: `${folder}/recordings`,
  CDRD_RECORDINGS_REQUIRE_MOUNT: 'no',
  CDRD_ASTERISK_HOST: '',
  CDRD_TIME_ZONE: 'Etc/GMT+8',
});

/** While no daemon of this process is to answer meanwhile. */
function cdrdAlone(folder: string, ...args: string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [...NODE_FLAGS, PROGRAM, ...args], {
    env: envOf(folder),
    encoding: 'utf8',
    timeout: 60_000,
  });
}

async function cdrd(
  folder: string,
  ...args: string[]
): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [...NODE_FLAGS, PROGRAM, ...args], { env: envOf(folder), timeout: 60_000 });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].on('data', (text: Buffer) => (said[stream] += text));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, ...said };
}

async function call(daemon: TestDaemon, n: number): Promise<void> {
  await daemon.store.write({ kind: 'leg', leg: leg(NOON + n * 10), source: 'ami' });
  await daemon.store.write({ kind: 'close', group: `${NOON + n * 10}.0` });
}

const backupsIn = (folder: string) =>
  readdirSync(`${folder}/recordings/.cdrd/backup`).filter((name) => name.endsWith('.db'));
const callsIn = (file: string) => sqlOn(file, 'SELECT count(*) AS n FROM call')[0]?.['n'];
const aside = (folder: string) =>
  readdirSync(`${folder}/state`).filter((name) => name.startsWith('cdrd.db.before-restore-'));

test('a box’s life: backups by the daemon and without it, a restore only while it is stopped, exports of both', async () => {
  const folder = temporaryFolder();
  const daemon = await startDaemon({}, { folder });
  for (let n = 0; n < 3; n++) await call(daemon, n);

  // On the medium, by the daemon.
  const made = await cdrd(folder, 'backup');
  const [name = ''] = backupsIn(folder);
  expect(made).toMatchObject({ status: 0, stderr: '', stdout: expect.stringContaining(`${name} is on the medium: `) });

  // Into a file, while it runs.
  await call(daemon, 3);
  const file = `${folder}/of-mine.db`;
  const copied = await cdrd(folder, 'backup', '--to', file);
  expect(copied).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(new RegExp(`^${file}: \\d+ bytes, schema`)),
  });
  expect(execFileSync('sha256sum', ['-c', `${file}.sha256`], { cwd: folder, encoding: 'utf8' })).toBe(
    'of-mine.db: OK\n',
  );
  expect(callsIn(file)).toBe(4);
  const { json_array_audit: audit } = await daemon.json('/cgi/webserve/30018?');
  expect(audit).toContainEqual(
    expect.objectContaining({ who: 'console', action: 'backup.copied', detail: { to: file } }),
  );
  expect(existsSync(`${file}.part`)).toBe(false);
  expect(statSync(file).mode & 0o777).toBe(0o600);

  // Everything out, as 9005 has it.
  const csv = await cdrd(folder, 'export');
  const lines = csv.stdout.split('\r\n').filter((line) => line !== '');
  expect(lines).toHaveLength(5);
  const report = await (await daemon.get('/cgi/webserve/9005?&startdate=2021-01-01%2000:00&order=asc')).text();
  expect(csv.stdout).toBe(report);
  const json = await cdrd(folder, 'export', 'calls', '--format', 'json', '--to', `${folder}/calls.json`);
  expect(json).toEqual({ status: 0, stdout: '', stderr: '' });
  const { json_array_astcdrs: rows, json_obj_filter } = JSON.parse(readFileSync(`${folder}/calls.json`, 'utf8'));
  expect(rows).toHaveLength(4);
  expect(json_obj_filter).toMatchObject({ totalcount: 4 });

  // A restore waits until it is stopped.
  const refused = await cdrd(folder, 'restore', '--latest');
  expect(refused).toMatchObject({ status: 75, stderr: expect.stringMatching(/is using .*: stop it first\n$/) });
  await daemon.close();

  const restored = cdrdAlone(folder, 'restore', '--latest');
  expect(restored).toMatchObject({
    status: 0,
    stderr: '',
    stdout: expect.stringMatching(
      new RegExp(
        `^${name} is in place \\(schema \\d+, calls up to 2021-04-22 01:02:15\\)\nwhat was there is kept: .*\n`,
      ),
    ),
  });
  expect(aside(folder)).toHaveLength(1);

  // Without the daemon it is the command that opens the store.
  const alone = cdrdAlone(folder, 'export', '--format', 'json');
  expect(JSON.parse(alone.stdout).json_obj_filter).toMatchObject({ totalcount: 3 });
  expect(cdrdAlone(folder, 'backup', '--to', `${folder}/alone.db`)).toMatchObject({ status: 0, stderr: '' });
  expect(callsIn(`${folder}/alone.db`)).toBe(3);
  expect(cdrdAlone(folder, 'restore', file)).toMatchObject({ status: 0, stderr: '' });

  const again = await startDaemon({}, { folder });
  expect(await again.json('/healthz')).toMatchObject({
    store: { replaced: { by: file, because: 'restored by command' } },
  });
  const since = await again.json('/cgi/webserve/9006?&startdate=2021-01-01%2000:00');
  expect(since['json_obj_filter']).toMatchObject({ totalcount: 4 });
  expect((await again.json('/cgi/webserve/30018?'))['json_array_audit']).toContainEqual(
    expect.objectContaining({ who: 'console', action: 'store.replaced' }),
  );
}, 90_000);

test.skipIf(process.getuid?.() !== 0)(
  'root leaves no file of its own in the state folder, and gets one that is its own',
  () => {
    const folder = temporaryFolder();
    mkdirSync(`${folder}/recordings`);
    mkdirSync(`${folder}/state`);
    mkdirSync(`${folder}/roots`, { mode: 0o700 });
    chownSync(`${folder}/state`, 65_534, 65_534);
    chmodSync(folder, 0o755);
    const file = `${folder}/roots/of-root.db`;
    expect(cdrdAlone(folder, 'backup', '--to', file)).toMatchObject({ status: 0, stderr: '' });
    expect(statSync(file).uid).toBe(0);
    expect(cdrdAlone(folder, 'restore', file)).toMatchObject({ status: 0, stderr: '' });
    expect(cdrdAlone(folder, 'export', '--to', `${folder}/roots/calls.csv`)).toMatchObject({ status: 0, stderr: '' });
    const owners = readdirSync(`${folder}/state`).map((name) => statSync(`${folder}/state/${name}`).uid);
    expect(new Set(owners)).toEqual(new Set([65_534]));
  },
);

describe('a restore refuses, and leaves all as it was', () => {
  function box() {
    const folder = temporaryFolder();
    mkdirSync(`${folder}/recordings`);
    expect(cdrdAlone(folder, 'backup', '--to', `${folder}/good.db`).status).toBe(0);
    return { folder, good: `${folder}/good.db`, before: readFileSync(`${folder}/state/cdrd.db`) };
  }
  const untouched = ({ folder, before }: ReturnType<typeof box>) => {
    expect(readFileSync(`${folder}/state/cdrd.db`).equals(before)).toBe(true);
    expect(readdirSync(`${folder}/state`).filter((name) => /staged|replac|before/.test(name))).toEqual([]);
  };

  test('a file whose bytes are not what its checksum says; a damaged one without; one that is not there', () => {
    const own = box();
    const content = readFileSync(own.good);
    content[30_000] = (content[30_000] ?? 0) ^ 1;
    writeFileSync(own.good, content);
    expect(cdrdAlone(own.folder, 'restore', own.good)).toMatchObject({
      status: 1,
      stderr: `${own.good}: its bytes are not what its checksum says\n`,
    });
    untouched(own);
    writeFileSync(`${own.folder}/bad.db`, 'no database at all');
    const bad = cdrdAlone(own.folder, 'restore', `${own.folder}/bad.db`);
    expect(bad).toMatchObject({ status: 65, stderr: expect.stringContaining('file is not a database') });
    expect(bad.stderr).toContain(`there is no ${own.folder}/bad.db.sha256`);
    untouched(own);
    expect(cdrdAlone(own.folder, 'restore', `${own.folder}/none.db`)).toMatchObject({ status: 1 });
    expect(cdrdAlone(own.folder, 'restore', '--latest')).toMatchObject({
      status: 1,
      stderr: 'there is no backup, neither on the medium nor on the box\n',
    });
    untouched(own);
  });

  test.skipIf(whyNoMounts() !== '')(
    'but what is decided stays decided, and the next opening carries it out',
    async () => {
      const own = box();
      const wal = `${own.folder}/state/cdrd.db-wal`;
      writeFileSync(wal, 'what was committed last');
      // What is mounted on can't be renamed: EBUSY.
      execFileSync('mount', ['--bind', wal, wal]);
      onTestFinished(() => void spawnSync('umount', [wal]));
      expect(cdrdAlone(own.folder, 'restore', own.good)).toMatchObject({
        status: 1,
        stderr: expect.stringContaining(`${own.good} takes the place at the next start, which goes on with it: EBUSY`),
      });
      execFileSync('umount', [wal]);
      await openStoreHere(storeOptions(`${own.folder}/state`)).close();
      const [kept = '', log = ''] = aside(own.folder).sort();
      expect(readFileSync(`${own.folder}/state/${kept}`).equals(own.before)).toBe(true);
      expect(readFileSync(`${own.folder}/state/${log}`, 'utf8')).toBe('what was committed last');
      expect(
        sqlOn(`${own.folder}/state/cdrd.db`, "SELECT count(*) AS n FROM audit WHERE action = 'store.replaced'"),
      ).toEqual([{ n: 1 }]);
    },
  );

  test('a command line that can’t be meant ends with 64', () => {
    const { status, stderr } = cdrdAlone(temporaryFolder(), 'export', 'secrets');
    expect({ status, first: stderr.split('\n')[0] }).toEqual({
      status: 64,
      first: 'say what: calls, recordings, contacts',
    });
  });

  // In this process: what is said of it is all that differs.
  test.each([
    [restore, [], 'say which file, or --latest'],
    [restore, ['a', 'b'], 'say which file, or --latest'],
    [restore, ['a', '--latest'], 'say which file, or --latest'],
    [exportAll, ['--format', 'xml'], '--format must be csv or json'],
    [backup, ['now'], "Unexpected argument 'now'. This command does not take positional arguments"],
  ])('%#: %s', async ({ perform }, args, message) => {
    const said = perform({ args, workers: WORKERS, www: WWW, usage: (text) => new Error(text) });
    await expect(said).rejects.toMatchObject({ message });
  });
});
