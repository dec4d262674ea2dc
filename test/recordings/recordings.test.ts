/** The recordings folder on real files: what grows, what is finished, what is gone, and a restart. */
import {
  appendFileSync,
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { memoryIndex, pause, pcmWav, type Rig, startRig, TODAY, until, wav } from './helper.ts';

let rig: Rig | undefined;
afterEach(async () => {
  await rig?.stop();
  rig = undefined;
});

const OLD = new Date('2026-05-01T10:00:00Z');
/** A file of last week. */
function put(dir: string, path: string, bytes: Buffer, when = OLD): void {
  const full = join(dir, path);
  mkdirSync(join(full, '..'), { recursive: true });
  writeFileSync(full, bytes);
  utimesSync(full, when, when);
}

/** A recording as MixMonitor makes it: header with zeros, sound, and the sizes at the end. */
function record(path: string) {
  const fd = openSync(path, 'w');
  writeSync(fd, wav({ sound: 0, fileLength: 0 }));
  let sound = 0;
  return {
    grow(bytes: number) {
      writeSync(fd, Buffer.alloc(bytes, 1), 0, bytes, 44 + sound);
      sound += bytes;
    },
    hangUp() {
      writeSync(fd, wav({ sound }).subarray(0, 44), 0, 44, 0);
      closeSync(fd);
    },
  };
}

const paths = (index: Rig['index']) => [...index.rows.keys()].sort();

describe('a call being recorded', () => {
  it('is told once, when it is over, well within 1.5 s of its end, by hints alone', async () => {
    rig = startRig({ sweepSeconds: 60 });
    const { dir, index, recordings } = rig;
    mkdirSync(join(dir, TODAY));
    await recordings.firstLook;
    await until('hints from the kernel', () => recordings.figures().watching === 1);
    const call = record(join(dir, TODAY, 'call.wav'));
    for (let n = 0; n < 16; n += 1) {
      call.grow(4_000);
      await pause(100);
    }
    expect(index.told).toEqual([]);
    call.hangUp();
    const took = await until('the recording', () => index.told.length > 0);
    expect(took).toBeLessThan(1_500);
    await recordings.sweepNow();
    expect(index.told).toMatchObject([{ path: `${TODAY}/call.wav`, size: 64_044, seconds: 4, state: 'ok' }]);
    expect(recordings.figures()).toMatchObject({ indexed: 1, pending: 0 });
  });

  it('is told when its folder did not exist at the start', async () => {
    rig = startRig({ sweepSeconds: 60 });
    await rig.recordings.firstLook;
    mkdirSync(join(rig.dir, TODAY));
    const call = record(join(rig.dir, TODAY, 'first.wav'));
    call.grow(16_000);
    call.hangUp();
    const { index } = rig;
    expect(await until('the first recording of the day', () => index.told.length > 0)).toBeLessThan(1_500);
    expect(index.told).toMatchObject([{ path: `${TODAY}/first.wav`, state: 'ok' }]);
  });

  it('is found by the sweep alone where the kernel says nothing', async () => {
    // A folder of yesterday has no watch: only the sweep looks there.
    rig = startRig({ sweepSeconds: 1 });
    mkdirSync(join(rig.dir, '20260506'));
    await rig.recordings.firstLook;
    const call = record(join(rig.dir, '20260506', 'late.wav'));
    call.grow(16_000);
    call.hangUp();
    const { index } = rig;
    expect(await until('the recording', () => index.told.length > 0)).toBeLessThan(1_500);
  });

  it('counts as pending while its header says 0, and a header that lies is not believed', async () => {
    rig = startRig();
    const { dir, index, recordings } = rig;
    mkdirSync(join(dir, TODAY));
    writeFileSync(join(dir, TODAY, 'hold.wav'), wav({ dataLength: 0, fileLength: 0, sound: 9_000 }));
    writeFileSync(join(dir, TODAY, 'lies.wav'), wav({ dataLength: 64_000, fileLength: 64_044, sound: 9_000 }));
    writeFileSync(join(dir, TODAY, 'answered.wav'), wav({ sound: 0 }));
    writeFileSync(join(dir, TODAY, 'zero.wav'), '');
    await recordings.firstLook;
    await recordings.sweepNow();
    await recordings.sweepNow();
    expect(index.told).toEqual([]);
    expect(recordings.figures().pending).toBe(4);
    // The call goes on and ends.
    writeFileSync(join(dir, TODAY, 'hold.wav'), pcmWav(1));
    await until('the call off hold', () => index.rows.has(`${TODAY}/hold.wav`));
    expect(recordings.figures().pending).toBe(3);
  });
});

describe('the full look', () => {
  it('finds what is old at once: whole, empty, damaged, in the root, under any name', async () => {
    rig = startRig();
    const { dir, index, recordings } = rig;
    const newline = 'two\nlines\t1\t2\n.wav';
    const invalid = Buffer.concat([Buffer.from(`${dir}/20260101/`), Buffer.from([0xff, 0x2a]), Buffer.from('.wav')]);
    put(dir, '20260101/whole.wav', pcmWav(2));
    put(dir, '20260101/shout.WAV', pcmWav(1));
    put(dir, `20260101/${newline}`, pcmWav(1));
    put(dir, '20260101/ünï-*97.wav', pcmWav(1));
    writeFileSync(invalid, pcmWav(3));
    utimesSync(invalid, OLD, OLD);
    put(dir, '20260102/busy.wav', wav({ sound: 0 }));
    put(dir, '20260102/zero.wav', Buffer.alloc(0));
    put(dir, '20260102/script.wav', Buffer.from('#!/bin/sh\nrm -rf everything\n'.repeat(5)));
    put(dir, '20260102/cut.wav', wav({ dataLength: 64_000, fileLength: 64_044, sound: 16_000 }));
    put(dir, 'root.wav', pcmWav(1));
    put(dir, '.trash/deleted.wav', pcmWav(1));
    put(dir, '20260102/.hidden.wav', pcmWav(1));
    put(dir, '20260102/notes.txt', pcmWav(1));
    mkdirSync(join(dir, '20260102/folder.wav'));
    symlinkSync('/etc/passwd', join(dir, '20260102/link.wav'));
    symlinkSync('/etc', join(dir, '20260103'));
    await recordings.firstLook;
    await recordings.sweepNow();
    const states = Object.fromEntries([...index.rows.values()].map((row) => [row.path, [row.state, row.seconds]]));
    expect(states).toEqual({
      '20260101/whole.wav': ['ok', 2],
      '20260101/shout.WAV': ['ok', 1],
      [`20260101/${newline}`]: ['ok', 1],
      '20260101/ünï-*97.wav': ['ok', 1],
      '20260101/\ufffd*.wav': ['ok', 3],
      '20260102/busy.wav': ['empty', 0],
      '20260102/zero.wav': ['empty', 0],
      '20260102/script.wav': ['damaged', 0],
      '20260102/cut.wav': ['damaged', 1],
      'root.wav': ['ok', 1],
    });
    expect(recordings.figures()).toMatchObject({ pending: 0, foldersToLook: 0 });
  });

  it('tells nothing twice after a restart, and what was missed meanwhile', async () => {
    const index = memoryIndex();
    rig = startRig({ index });
    const { dir } = rig;
    put(dir, '20260101/a.wav', pcmWav(1));
    put(dir, `${TODAY}/b.wav`, pcmWav(1));
    await rig.recordings.firstLook;
    expect(paths(index)).toEqual(['20260101/a.wav', `${TODAY}/b.wav`]);
    await rig.recordings.close();
    index.told.length = 0;

    put(dir, '20260101/c.wav', pcmWav(1));
    rmSync(join(dir, '20260101/a.wav'));
    put(dir, `${TODAY}/b.wav`, pcmWav(2));
    const again = startRig({ index, dir });
    try {
      await again.recordings.firstLook;
      expect(index.told.map((file) => file.path).sort()).toEqual(['20260101/c.wav', `${TODAY}/b.wav`]);
      expect(index.rows.get(`${TODAY}/b.wav`)?.seconds).toBe(2);
      await until('the removed one', () => index.goneTold.length > 0);
      expect(index.goneTold).toEqual(['20260101/a.wav']);
    } finally {
      await again.stop();
    }
  });

  it('tells more than a batch in batches', async () => {
    rig = startRig();
    for (let n = 0; n < 450; n += 1) put(rig.dir, `20260101/${n}.wav`, wav({ sound: 2 }));
    await rig.recordings.firstLook;
    expect(rig.index.rows.size).toBe(450);
    expect(rig.index.told).toHaveLength(450);
  });

  it('looks again after the index refused', async () => {
    rig = startRig();
    const { dir, index, recordings, messages } = rig;
    put(dir, '20260101/a.wav', pcmWav(1));
    index.failNextFound();
    await recordings.firstLook;
    await until('the second try', () => index.rows.size === 1);
    put(dir, `${TODAY}/b.wav`, pcmWav(1));
    index.failNextFound();
    await until('the second try today', () => index.rows.size === 2);
    expect(messages.filter((line) => line.startsWith('error'))).toHaveLength(2);
  });
});

describe('what is removed', () => {
  it('is called gone after two looks, a folder as well', async () => {
    rig = startRig();
    const { dir, index, recordings } = rig;
    put(dir, `${TODAY}/stays.wav`, pcmWav(1));
    put(dir, `${TODAY}/goes.wav`, pcmWav(1));
    put(dir, '20260101/old.wav', pcmWav(1));
    await recordings.firstLook;
    expect(index.rows.size).toBe(3);
    rmSync(join(dir, TODAY, 'goes.wav'));
    rmSync(join(dir, '20260101'), { recursive: true });
    await recordings.sweepNow();
    expect(index.goneTold).toEqual([]);
    await until('both', () => index.goneTold.length === 2);
    expect(paths(index)).toEqual([`${TODAY}/stays.wav`]);
    expect(recordings.figures()).toMatchObject({ gone: 2, pending: 0 });
  });

  it('is not gone when it comes back before the second look', async () => {
    rig = startRig();
    const { dir, index, recordings } = rig;
    put(dir, `${TODAY}/a.wav`, pcmWav(1));
    await recordings.firstLook;
    renameSync(join(dir, TODAY), join(dir, '.away'));
    await recordings.sweepNow();
    renameSync(join(dir, '.away'), join(dir, TODAY));
    await pause(2_500);
    expect(index.goneTold).toEqual([]);
    // The watch is of the folder, not of its name: it was made anew.
    expect(recordings.figures().watching).toBe(1);
  });
});

describe('a folder that is not there', () => {
  it.each([
    ['missing', (dir: string) => rmSync(dir, { recursive: true }), 'absent', 'does not exist'],
    [
      'a file',
      (dir: string) => {
        rmSync(dir, { recursive: true });
        writeFileSync(dir, '');
      },
      'absent',
      'not a folder',
    ],
  ] as const)('%s: nothing is gone, said once, and it comes back', async (_, damage, state, why) => {
    rig = startRig();
    const { dir, index, recordings, states, messages } = rig;
    put(dir, `${TODAY}/a.wav`, pcmWav(1));
    put(dir, '20260101/b.wav', pcmWav(1));
    await recordings.firstLook;
    damage(dir);
    await until('the state', () => recordings.state().state === state);
    expect(recordings.state().why).toContain(why);
    await recordings.sweepNow();
    await recordings.sweepNow();
    expect(index.goneTold).toEqual([]);
    expect(messages.filter((line) => line.startsWith('warn'))).toHaveLength(1);
    rmSync(dir, { recursive: true, force: true });
    put(dir, `${TODAY}/a.wav`, pcmWav(1));
    put(dir, `${TODAY}/new.wav`, pcmWav(1));
    put(dir, '20260101/b.wav', pcmWav(1));
    await until('the new file', () => index.rows.has(`${TODAY}/new.wav`));
    expect(states.map((each) => each.state)).toEqual(['mounted', state, 'mounted']);
    expect(index.goneTold).toEqual([]);
  });

  it('no permission is told in words', async (context) => {
    if (process.getuid?.() === 0) return context.skip('root may read everything');
    rig = startRig();
    chmodSync(rig.dir, 0);
    const { recordings } = rig;
    await until('the state', () => recordings.state().why.includes('no permission'));
    chmodSync(rig.dir, 0o755);
    await until('the medium', () => recordings.state().state === 'mounted');
  });

  it('no medium where one is required: no look, and firstLook does not wait for ever', async () => {
    rig = startRig({ requireMount: 'yes', mountinfo: join(import.meta.dirname, 'no-medium.mountinfo') });
    put(rig.dir, `${TODAY}/a.wav`, pcmWav(1));
    await rig.recordings.firstLook;
    expect(rig.recordings.state()).toMatchObject({ state: 'absent' });
    expect(rig.recordings.state().why).toContain('nothing is mounted');
    expect(rig.index.rows.size).toBe(0);
  });
});

it('goes over to the new folder at midnight and finishes what began before', async () => {
  rig = startRig({ sweepSeconds: 60 });
  const { dir, index, recordings } = rig;
  mkdirSync(join(dir, TODAY));
  await recordings.firstLook;
  const late = record(join(dir, TODAY, 'late.wav'));
  late.grow(16_000);
  await pause(700);
  rig.setToday('20260508');
  mkdirSync(join(dir, '20260508'));
  const early = record(join(dir, '20260508', 'early.wav'));
  early.grow(8_000);
  early.hangUp();
  expect(await until('the new day', () => index.rows.has('20260508/early.wav'))).toBeLessThan(1_500);
  late.hangUp();
  await recordings.sweepNow();
  await until('the old day', () => index.rows.has(`${TODAY}/late.wav`));
  expect(existsSync(join(dir, TODAY, 'late.wav'))).toBe(true);
});

it('keeps the folder of before when the clock jumps by years', async () => {
  rig = startRig({ day: '19700101' });
  const { dir, index, recordings } = rig;
  mkdirSync(join(dir, '19700101'));
  await recordings.firstLook;
  const call = record(join(dir, '19700101', 'call.wav'));
  call.grow(16_000);
  rig.setToday(TODAY);
  await recordings.sweepNow();
  call.hangUp();
  await until('the recording of 1970', () => index.rows.has('19700101/call.wav'));
});

it('finds the files of a folder that appears under any name, also those that come later', async () => {
  rig = startRig();
  const { dir, index, recordings } = rig;
  await recordings.firstLook;
  mkdirSync(join(dir, 'restored'));
  await recordings.sweepNow();
  await recordings.sweepNow();
  put(dir, 'restored/a.wav', pcmWav(1));
  await until('the file', () => index.rows.has('restored/a.wav'));
});

it('tells a finished file again when it changes', async () => {
  rig = startRig();
  const { dir, index, recordings } = rig;
  put(dir, `${TODAY}/a.wav`, wav({ dataLength: 0, fileLength: 0, sound: 16_000 }));
  await recordings.firstLook;
  expect(index.rows.get(`${TODAY}/a.wav`)).toMatchObject({ state: 'damaged', seconds: 1 });
  appendFileSync(join(dir, TODAY, 'a.wav'), Buffer.alloc(16_000));
  writeFileSync(join(dir, TODAY, 'a.wav'), pcmWav(2));
  await until('the whole call', () => index.rows.get(`${TODAY}/a.wav`)?.state === 'ok');
  expect(index.told.map((file) => file.seconds)).toEqual([1, 2]);
});
