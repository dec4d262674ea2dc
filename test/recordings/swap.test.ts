/**
 * Sticks that are exchanged, over the real watcher and a real store: each keeps its recordings in the index, with their
 * ties and what was said of them, while the other is in place.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { RecordingIndex } from '../../daemon/recordings/recordings.ts';
import { openStoreHere } from '../../storage/here.ts';
import { sqlOn } from '../storage/helper.ts';
import { emptyStore } from '../support/empty-store.ts';
import { temporaryFolder } from '../support/folder.ts';
import { leg, storeOptions } from '../support/legs.ts';
import { pcmWav, startRig, until } from './helper.ts';

const START = 1_619_082_110; // answered 2 s later
const SHARED = `20210422/20210422-010152-${START + 2}-Internal-205-204.wav`;
const OLD = new Date('2026-05-01T10:00:00Z');

/** A slot for sticks: which one is in place is a folder's name, and the mount table says that it is another mount. */
function slot() {
  const base = temporaryFolder();
  const dir = join(base, 'slot/monitor');
  const mountinfo = join(base, 'mountinfo');
  const blockDevices = join(base, 'block');
  let mounts = 60;
  mkdirSync(join(base, 'slot'));
  const write = (...lines: readonly string[]) =>
    writeFileSync(mountinfo, ['27 1 179:2 / / rw - ext4 /dev/root rw', ...lines, ''].join('\n'));
  const path = (stick: string) => join(base, stick);
  return {
    dir,
    mountinfo,
    blockDevices,
    put(stick: string, file: string, seconds: number) {
      const to = join(path(stick), file);
      mkdirSync(join(to, '..'), { recursive: true });
      writeFileSync(to, pcmWav(seconds));
      utimesSync(to, OLD, OLD);
    },
    remove: (stick: string, file: string) => rmSync(join(path(stick), file)),
    plug(stick: string) {
      mounts += 1;
      rmSync(dir, { recursive: true, force: true });
      renameSync(path(stick), dir);
      mkdirSync(join(blockDevices, `8:${mounts}`), { recursive: true });
      write(`${mounts} 27 8:${mounts} / ${base}/slot rw - vfat /dev/sda1 rw`);
    },
    /** Pulled: the mount stays in the table, its folder is empty, its device is gone. */
    pull(stick: string) {
      rmSync(join(blockDevices, `8:${mounts}`), { recursive: true });
      renameSync(dir, path(stick));
      mkdirSync(dir);
    },
  };
}

function openIndex() {
  const options = emptyStore(storeOptions(temporaryFolder()));
  const store = openStoreHere(options);
  let open = true;
  const close = async () => {
    if (open) await store.close();
    open = false;
  };
  onTestFinished(close);
  const told: string[] = [];
  const index: RecordingIndex = {
    medium: async (mark, formerly) => (await store.write({ kind: 'mediumSeen', mark, formerly })).medium ?? 0,
    known: (medium, folder) => store.ask('knownRecordings', { medium, folder }),
    folders: (medium) => store.ask('recordingFolders', medium),
    async found(medium, files) {
      await store.write({ kind: 'recordings', medium, files });
      told.push(...files.map(({ path }) => `${medium} ${path}`));
    },
    async gone(medium, paths) {
      await store.write({ kind: 'gone', medium, paths });
      told.push(...paths.map((path) => `${medium} gone ${path}`));
    },
  };
  const rows = async () => {
    await close();
    return sqlOn(
      options.file,
      'SELECT medium, path, size, call_id, match, gone_at IS NULL AS there FROM recording ORDER BY medium, path',
    );
  };
  return { store, index, told, rows };
}

test('A, B, then A again: every stick keeps its rows, and what changed on it meanwhile is found', async () => {
  const { dir, mountinfo, blockDevices, ...sticks } = slot();
  const { store, index, told, rows } = openIndex();
  sticks.put('a', SHARED, 1);
  sticks.put('a', '20210422/only-a.wav', 1);
  sticks.put('b', SHARED, 2);
  const call = leg(START, { recordingFile: `/media/usbStorage/monitor/${SHARED.slice(0, -4)}` });
  await store.write({ kind: 'leg', leg: call, source: 'ami' });
  await store.write({ kind: 'close', group: call.linkedId ?? '' });

  sticks.plug('a');
  const rig = startRig({ dir, mountinfo, blockDevices, requireMount: 'yes', index });
  onTestFinished(() => rig.stop());
  const { recordings } = rig;
  await until('stick a', () => told.length === 2);
  expect(recordings.state()).toMatchObject({ state: 'mounted', writable: true, medium: 1 });
  const mark = readFileSync(join(dir, '.cdrd/medium'), 'utf8');
  expect(readdirSync(join(dir, '.cdrd'))).toEqual(['medium']);

  sticks.pull('a');
  await until('the end of stick a', () => recordings.state().state === 'dead');
  sticks.plug('b');
  await until('stick b', () => told.length === 3);
  expect(recordings.state()).toMatchObject({ state: 'mounted', medium: 2 });
  expect(readFileSync(join(dir, '.cdrd/medium'), 'utf8')).not.toBe(mark);

  sticks.pull('b');
  await until('the end of stick b', () => recordings.state().state === 'dead');
  sticks.put('a', '20210423/new.wav', 1);
  sticks.remove('a', '20210422/only-a.wav');
  sticks.plug('a');
  await until('what changed on stick a', () => told.length === 5);
  expect(recordings.state()).toMatchObject({ state: 'mounted', medium: 1 });
  expect(told).toEqual([
    '1 20210422/only-a.wav',
    `1 ${SHARED}`,
    `2 ${SHARED}`,
    '1 20210423/new.wav',
    '1 gone 20210422/only-a.wav',
  ]);
  await rig.stop();
  const named = { path: SHARED, call_id: 1, match: 'named', there: 1 };
  expect(await rows()).toMatchObject([
    { medium: 1, ...named, size: 16_044 },
    { medium: 1, path: '20210422/only-a.wav', there: 0 },
    { medium: 1, path: '20210423/new.wav', there: 1 },
    { medium: 2, ...named, size: 32_044 },
  ]);
});

test('another stick under the same numbers, between two sweeps, is known by its mark and takes over nothing', async () => {
  const { dir, mountinfo, blockDevices, ...sticks } = slot();
  const { index, told, rows } = openIndex();
  sticks.put('a', SHARED, 1);
  sticks.plug('a');
  const rig = startRig({ dir, mountinfo, blockDevices, requireMount: 'yes', index, probePeriods: { wellMs: 0 } });
  onTestFinished(() => rig.stop());
  await until('stick a', () => told.length === 1);
  // The folder itself stays: all that its numbers tell.
  rmSync(join(dir, SHARED));
  writeFileSync(join(dir, '.cdrd/medium'), `${'b'.repeat(32)}\n`);
  await until('stick b', () => rig.recordings.state().medium === 2);
  await rig.recordings.sweepNow();
  await rig.stop();
  expect(await rows()).toMatchObject([{ medium: 1, path: SHARED, there: 1 }]);
});

test('a medium that takes no mark is known by what it is, and keeps its rows when it takes one', async (context) => {
  const dir = temporaryFolder();
  const mount = (...options: readonly string[]) => spawnSync('mount', [...options, dir]).status === 0;
  if (process.getuid?.() !== 0 || !mount('-t', 'tmpfs', '-o', 'size=1m', 'cdrd-test'))
    return context.skip('mounting is not allowed here');
  onTestFinished(() => void spawnSync('umount', [dir]));
  mkdirSync(join(dir, '20210422'));
  writeFileSync(join(dir, SHARED), pcmWav(1));
  utimesSync(join(dir, SHARED), OLD, OLD);
  mount('-o', 'remount,ro');
  const { index, told, rows } = openIndex();
  const rig = startRig({ dir, requireMount: 'yes', index });
  onTestFinished(() => rig.stop());
  const { recordings, states } = rig;
  await until('the recording', () => told.length === 1);
  expect(recordings.state()).toMatchObject({ state: 'mounted', writable: false, why: 'read-only', medium: 1 });
  expect(recordings.space()).toMatchObject({ total: 1024 * 1024 });
  mount('-o', 'remount,rw');
  await until('the mark', () => recordings.state().writable);
  expect(readFileSync(join(dir, '.cdrd/medium'), 'utf8')).toHaveLength(33);
  await recordings.sweepNow();
  expect(recordings.state()).toMatchObject({ state: 'mounted', why: '', medium: 1 });
  expect(states.map(({ state, why }) => [state, why])).toEqual([
    ['mounted', 'read-only'],
    ['mounted', ''],
  ]);
  await rig.stop();
  expect(await rows()).toMatchObject([{ medium: 1, path: SHARED, there: 1 }]);
  expect(told).toEqual([`1 ${SHARED}`]);
});
