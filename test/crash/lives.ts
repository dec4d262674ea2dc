/** The lives that the crash matrix looks at: between them they do everything that the daemon writes. */
import { spawn } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../../daemon/config.ts';
import { digestOf, storeOptions } from '../../daemon/state.ts';
import { migrations } from '../../storage/sql/migration/migrations.ts';
import { openStore } from '../../storage/store.ts';
import { BUNDLE, boxEnv, type Folders } from '../fault/box.ts';
import { NEXT } from '../fault/next-schema.ts';
import { recordName } from '../fault/peer.ts';
import { stop, wait } from '../fault/scene.ts';
import { NODE_FLAGS } from '../support/production.ts';
import { ABSENT, type Expectations } from './expectations.ts';
import { callSubject, type Life, listed, type Player, playLife, startIn } from './player.ts';

/** Calls of one burst: what waits during a commit goes into the next one together. */
const BURST = 12;
/** The calls that are deleted: numbers 300 to 309 belong to the first ten of a box. */
const DELETED = 'dst=30*&startdate=2000-01-01 00:00';
/** Calls that end while the box is switched off. */
const MISSED = 20;
/** Calls until the WAL is begun anew: some ten pages each, and SQLite checkpoints at 1,000. */
const CHECKPOINT_CALLS_MOST = 200;
/** Days of the trash until they are changed after the backup. */
const BEFORE_BACKUP = '3';
const MIGRATION = fileURLToPath(new URL('../fault/migrate.child.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const NAMES = ['01', '02', '03'].map((n) => `${'20210329'}-0000${n}-16170000${n}-Internal-202-204`);

/** Sites that are there whatever comes to be done beside them: a life that no longer has them proves nothing of them. */
export const OF_THE_FIRST_DAY = [
  'creation · temporary file: rename',
  'creation · folder: fsync',
  'creation · initial-passwords: rename',
  'creation · tls.key: fsync',
  'creation · tls.crt: rename',
  ...['record', 'close', 'recording', 'settings', 'accounts', 'delete calls', 'undo', 'delete recordings'].flatMap(
    (act) => [`${act} · WAL: frame header`, `${act} · WAL: page`, `${act} · WAL: fsync`],
  ),
  'accounts · initial-passwords: rename',
  'AMI users · ami-users.json: rename',
  'delete recordings · recordings: rename to trash',
  'undo of recordings · trash: rename to recordings',
  'purge recordings · recordings: unlink',
  'stop · checkpoint: page',
];
export const OF_THE_SECOND_DAY = [
  'catch-up · WAL: fsync',
  'checkpoint · checkpoint: page',
  'checkpoint · checkpoint: fsync',
  'checkpoint · WAL: header',
  "backup · medium's own: write",
  "backup · medium's own: rename",
];
export const OF_THE_RESTORE = [
  'restore · cdrd.db.staged: write',
  'restore · cdrd.db.staged: rename',
  'restore · cdrd.db.replacing: rename',
  'restore · folder: fsync',
];
export const OF_THE_UPDATE = [
  'migration · backup: write',
  'migration · backup: rename',
  'migration · WAL: fsync',
  'migration · folder: fsync',
];

/** A new box: it is set up, takes its first calls, and its owner tries what it can. */
export function firstDay(root: string): Promise<Life> {
  return playLife(
    'first day',
    root,
    async (player) => {
      await setUp(player);
      await takeCalls(player);
      await changeSettings(player);
      await deleteCalls(player);
      await deleteRecordings(player);
      player.act('stop');
      await stop(player.scene);
    },
    { env: { CDRD_HTTPS_LISTEN: '127.0.0.1:0' } },
  );
}

async function setUp(player: Player): Promise<void> {
  player.act('creation');
  const made = ['login admin', 'login monitor'];
  for (const subject of made) player.asked(subject, 'initial');
  player.asked('certificate', 'whole');
  await startIn(player);
  for (const subject of made) player.told(subject, 'initial');
  player.told('certificate', 'whole');
}

async function takeCalls(player: Player): Promise<void> {
  player.act('record');
  for (let call = 0; call < 3; call++) {
    player.calls(1);
    await player.stored();
  }
  player.calls(BURST);
  await player.stored();
  player.act('close');
  await player.closed();
  player.act('recording');
  for (const name of NAMES) player.recording(name);
  await listed(player, NAMES.length);
}

async function changeSettings(player: Player): Promise<void> {
  const { get, change } = player;
  player.act('settings');
  await change(['setting trash.days'], BEFORE_BACKUP, () => get(`/cgi/webserve/30017?trash.days=${BEFORE_BACKUP}`));
  await change(['contact 555'], 'Ann', () => get('/cgi/webserve/30014?number=555&name=Ann'));
  player.act('accounts');
  const password = digestOf('correct horse battery');
  await change(['account tech'], 'monitor', () =>
    get(`/cgi/webserve/30008?username=tech&role=monitor&password=${password}`),
  );
  await change(['login monitor'], 'own', () => get(`/cgi/webserve/30008?username=monitor&password=${password}`));
  player.act('AMI users');
  const set = (words: string) => get(`/cgi/webserve/30022?name=crm&secret=s3cret&${words}`);
  await change(['ami-user crm'], 'cdr', () => set('read=cdr'));
  await change(['ami-user crm'], 'cdr,call', () => set('read=cdr,call'));
}

/** @returns what undoes it. */
async function deleteMatching(player: Player): Promise<{ subjects: string[]; undo: string }> {
  const { json_array_astcdrs: rows } = await player.get(`/cgi/webserve/9006?${DELETED}`);
  const subjects = (rows as { UniqueID: string }[]).map(({ UniqueID }) => callSubject(UniqueID));
  if (subjects.length === 0) throw new Error('there is nothing to delete');
  let undo = '';
  await player.change(subjects, 'trash', async () => {
    undo = String((await player.get(`/cgi/webserve/9004?${DELETED}`))['undo']);
  });
  return { subjects, undo };
}

async function deleteCalls(player: Player): Promise<void> {
  player.act('delete calls');
  const { subjects, undo } = await deleteMatching(player);
  player.act('undo');
  await player.change(subjects, 'shown', () => player.get(`/cgi/webserve/30003?undo=${undo}`));
  player.act('delete calls');
  await deleteMatching(player);
}

async function deleteRecordings(player: Player): Promise<void> {
  const { get, change } = player;
  const [first = '', second = '', third = ''] = NAMES.map((name) => `20210329/${name}.wav`);
  const subject = (path: string) => `recording ${path}`;
  const remove = (paths: readonly string[], words = '') =>
    get(`/cgi/webserve/20054?wavefiles=${paths.join(';')}${words}`);
  player.act('delete recordings');
  let undo = '';
  await change([subject(first), subject(second)], 'trash', async () => {
    undo = String((await remove([first, second]))['undo']);
  });
  player.act('undo of recordings');
  await change([subject(first), subject(second)], 'placed', () => get(`/cgi/webserve/30003?undo=${undo}`));
  player.act('delete recordings');
  await change([subject(first)], 'trash', () => remove([first]));
  player.act('purge recordings');
  await change([subject(third)], ABSENT, () => remove([third], '&purge=1'));
}

/**
 * The same box is switched on again: it reads in Asterisk's CSV what it had missed, erases what has lain in the trash for
 * its time, makes a backup, and takes calls until the WAL has been checkpointed and is begun anew.
 */
export function secondDay(root: string, since: Life): Promise<Life> {
  const csv = join(root, 'Master.csv');
  return playLife(
    'second day',
    root,
    async (player) => {
      player.act('catch-up');
      const missed = player.missed(MISSED);
      writeFileSync(csv, player.csv());
      const erased = trashedIn(since.after);
      for (const subject of erased) player.asked(subject, ABSENT);
      await startIn(player);
      player.scene.ledger.sent.push(...missed.map(({ uniqueId, sequence }) => recordName(uniqueId, sequence)));
      await player.closed();
      await wait(player.scene, 'what has expired is erased', async () => {
        const { json_array_deletions: deletions } = await player.get('/cgi/webserve/30004');
        return (deletions as { kind: string; state: string }[]).some(
          ({ kind, state }) => kind === 'calls' && state === 'erased',
        );
      });
      for (const subject of erased) player.told(subject, ABSENT);
      player.act('checkpoint');
      await untilCheckpoint(player);
      player.act('backup');
      await player.change(['backup'], 'whole', () => player.get('/cgi/webserve/30028'));
      player.act('settings');
      await player.change(['setting trash.days'], '5', () => player.get('/cgi/webserve/30017?trash.days=5'));
      player.act('stop');
      await stop(player.scene);
    },
    { env: { CDRD_ASTERISK_CDR_CSV: csv }, since, meanwhile: expire },
  );
}

/** The clock goes on: what lies in the trash has lain there for its time, and its erasing has begun. */
function expire(place: Folders): void {
  const store = openStore(storeOptions(loadConfig(null, boxEnv(place, 0))));
  try {
    const [last] = store.operations.deletions({ kind: 'call', limit: 1 });
    const audit = { who: 'cdrd', address: '', action: 'calls.erase', detail: {} };
    if (!last) throw new Error('nothing was deleted');
    store.operations.write([{ kind: 'turnDeletion', id: last.id, from: ['deleted'], to: 'erasing', audit }]);
  } finally {
    store.close();
  }
}

/** The calls in the trash, and their records. */
function trashedIn(expectations: Expectations): string[] {
  const calls = [...expectations].flatMap(([subject, { told }]) =>
    /^call /.test(subject) && told === 'trash' ? [subject] : [],
  );
  const records = [...expectations.keys()].filter((subject) =>
    calls.some((call) => subject.startsWith(`${call.replace(/^call/, 'record')}/`)),
  );
  return [...calls, ...records];
}

async function untilCheckpoint(player: Player): Promise<void> {
  const before = player.scene.disk.read().operations.length;
  for (let calls = 0; calls < CHECKPOINT_CALLS_MOST; calls++) {
    player.calls(1);
    await player.stored();
    const operations = player.scene.disk.read().operations.slice(before);
    const written = operations.findLastIndex(({ path, kind }) => path === 'state/cdrd.db' && kind === 'fsync');
    const anew = operations.findIndex(({ kind }, index) => index > written && kind === 'header');
    if (written >= 0 && anew > written) return;
  }
  throw new Error('no checkpoint came');
}

/** A newer cdrd is installed, whose schema is a step further. */
export async function update(root: string, since: Life): Promise<Life> {
  const life = await playLife(
    'update',
    root,
    async (player) => {
      player.act('migration');
      player.told('migration', 'not done');
      await player.change(['migration'], 'done', () => migrate(player));
    },
    { since },
  );
  return { ...life, migrations: [...migrations, NEXT] };
}

function migrate({ scene: { place, disk } }: Player): Promise<void> {
  return run([...NODE_FLAGS, '--import', 'tsx', MIGRATION, place.state, 'next'], disk.env);
}

/** The backup takes the store's place: what was changed since is as it was, and calls come from the CSV. */
export function restoreLife(root: string, since: Life): Promise<Life> {
  return playLife(
    'restore',
    root,
    async (player) => {
      const { place, disk } = player.scene;
      const folder = join(place.recordings, '.cdrd', 'backup');
      const backup = readdirSync(folder).find((name) => name.endsWith('.db')) ?? 'none';
      player.act('restore');
      player.told('store before', 'kept');
      await player.change(['setting trash.days'], BEFORE_BACKUP, () =>
        run([...NODE_FLAGS, BUNDLE, 'restore', join(folder, backup)], { ...boxEnv(place, 0), ...disk.env }),
      );
    },
    { since },
  );
}

/** Runs something that ends by itself. @throws unless it ends well. */
function run(args: readonly string[], env: Readonly<Record<string, string>>): Promise<void> {
  const child = spawn(process.execPath, [...args], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: 60_000,
  });
  return new Promise((resolve, reject) =>
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`${args.at(-1)} ended with ${code}`)))),
  );
}
