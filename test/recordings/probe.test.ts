/** Which medium it is and whether it takes recordings: real filesystems of this machine's memory, and played errors. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readMark, unmarked, writeMark } from '../../daemon/recordings/identity-file.ts';
import { LOW_BYTES } from '../../daemon/recordings/limits.ts';
import { createProbeTurns } from '../../daemon/recordings/probe-turns.ts';
import { spaceOf, tryWriting, writeProbe } from '../../daemon/recordings/write-probe.ts';
import { temporaryFolder } from '../support/folder.ts';

const ROOM = { free: 9e9, total: 9e9 };
const failing = (code: string) => () => {
  throw Object.assign(new Error(code), { code });
};

describe('the mark', () => {
  test('is written once and read again, and what is none is none', () => {
    const dir = temporaryFolder();
    expect(readMark(dir)).toBe('');
    const mark = writeMark(dir);
    expect(mark).toMatch(/^[0-9a-f]{32}$/);
    expect([readMark(dir), readMark(dir)]).toEqual([mark, mark]);
    expect(readdirSync(join(dir, '.cdrd'))).toEqual(['medium']);
    for (const broken of ['', '\0'.repeat(33), 'mine', `${mark}${mark}`]) {
      writeFileSync(join(dir, '.cdrd/medium'), broken);
      expect(readMark(dir)).toBe('');
    }
    rmSync(join(dir, '.cdrd/medium'));
    mkdirSync(join(dir, '.cdrd/medium'));
    expect(readMark(dir)).toBe('');
  });

  test('is written nowhere else: a link in its place is not followed', () => {
    const [dir, elsewhere] = [temporaryFolder(), temporaryFolder()];
    symlinkSync(elsewhere, join(dir, '.cdrd'));
    expect(readMark(dir)).toBe('');
    expect(tryWriting(undefined, ROOM, () => writeProbe(dir))).toEqual({
      writable: true,
      why: expect.stringContaining('could not be tried'),
    });
    expect(readdirSync(elsewhere)).toEqual([]);
  });

  test('of a medium that takes none is what it is: a share’s address, a stick’s size', () => {
    const mount = { id: '1', mountPoint: '/m', readOnly: true, ontoItself: false };
    const share = { ...mount, device: '0:50', type: 'cifs', source: '//nas/rec' };
    const stick = { ...mount, device: '8:1', type: 'vfat', source: '/dev/sda1' };
    expect(unmarked(share, 1)).toBe(unmarked(share, 2));
    expect(unmarked(stick, 1)).toBe(unmarked({ ...stick, device: '8:17', source: '/dev/sdb1' }, 1));
    expect(new Set([unmarked(share, 1), unmarked(stick, 1), unmarked(stick, 2), unmarked(undefined, 1)]).size).toBe(4);
  });
});

describe('writing is tried', () => {
  test('and leaves nothing behind', () => {
    const dir = temporaryFolder();
    expect(tryWriting(undefined, ROOM, () => writeProbe(dir))).toEqual({ writable: true, why: '' });
    expect(readdirSync(join(dir, '.cdrd'))).toEqual([]);
    expect(spaceOf(dir).total).toBeGreaterThan(0);
  });

  test.each([
    ['ENOSPC', { writable: false, why: 'full' }],
    ['EDQUOT', { writable: false, why: 'full' }],
    ['EROFS', { writable: false, why: 'read-only' }],
    ['EACCES', { writable: true, why: 'could not be tried: EACCES' }],
  ])('%s means %j', (code, writing) => {
    expect(tryWriting(undefined, ROOM, failing(code))).toEqual(writing);
  });

  test('where we may not, no room at all says that it is full', () => {
    expect(tryWriting(undefined, { free: 0, total: 9 }, failing('EACCES'))).toEqual({ writable: false, why: 'full' });
  });

  test.each(['EIO', 'ENODEV', 'ENOTCONN', 'ESTALE'])('%s is no answer, but a medium that fails', (code) => {
    expect(() => tryWriting(undefined, ROOM, failing(code))).toThrow(code);
  });

  test('on a real medium that is full, then read-only, then neither', (context) => {
    const dir = temporaryFolder();
    const mount = (...options: readonly string[]) => spawnSync('mount', [...options, dir]).status === 0;
    if (process.getuid?.() !== 0 || !mount('-t', 'tmpfs', '-o', 'size=64k', 'cdrd-test'))
      return context.skip('mounting is not allowed here');
    onTestFinished(() => void spawnSync('umount', [dir]));
    const tried = () => tryWriting(undefined, spaceOf(dir), () => writeProbe(dir));
    mkdirSync(join(dir, '.cdrd'));
    writeFileSync(join(dir, 'filling'), Buffer.alloc(statfsSync(dir).bavail * statfsSync(dir).bsize));
    expect(tried()).toEqual({ writable: false, why: 'full' });
    expect(readdirSync(join(dir, '.cdrd'))).toEqual([]);
    rmSync(join(dir, 'filling'));
    expect(mount('-o', 'remount,ro')).toBe(true);
    expect(tried()).toEqual({ writable: false, why: 'read-only' });
    expect(mount('-o', 'remount,rw')).toBe(true);
    expect(tried()).toEqual({ writable: true, why: '' });
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).toContain(dir);
  });
});

describe('it is tried', () => {
  function turns() {
    let clock = 0;
    const probes = createProbeTurns(() => clock, { wellMs: 300, againMs: 30 });
    const dueIn = (ms: number) => {
      clock += ms;
      return probes.due();
    };
    return { probes, dueIn };
  }

  test('when a medium has come, then rarely', () => {
    const { probes, dueIn } = turns();
    probes.seen(ROOM, false);
    expect(probes.due()).toBe(true);
    probes.tried({ writable: true, why: '' });
    expect([dueIn(0), dueIn(299), dueIn(1)]).toEqual([false, false, true]);
    probes.clear();
    expect(probes.due()).toBe(true);
  });

  test('soon again while it takes none, or has hardly any room', () => {
    const { probes, dueIn } = turns();
    probes.seen(ROOM, false);
    probes.tried({ writable: false, why: 'full' });
    expect([dueIn(29), dueIn(1)]).toEqual([false, true]);
    probes.tried({ writable: true, why: '' });
    expect(dueIn(30)).toBe(false);
    probes.seen({ free: LOW_BYTES - 1, total: 9e9 }, false);
    expect(probes.due()).toBe(true);
  });

  test.each([
    ['a stick', 32e9, LOW_BYTES],
    ['a small one', 1e9, 20e6],
  ])(
    '%s that was full is so until a fair bit is free: a few KB would be gone with the next call',
    (_, total, again) => {
      const { probes } = turns();
      const well = { writable: true, why: '' };
      const full = { writable: false, why: 'full' };
      const tried = (free: number, writing = well) => {
        probes.seen({ free, total }, false);
        probes.tried(writing);
        return probes.writing();
      };
      expect(tried(8_192)).toEqual(well); // it never was full
      expect(tried(0, full)).toEqual(full);
      expect([tried(8_192), tried(again - 1)]).toEqual([full, full]);
      expect([tried(again), tried(8_192)]).toEqual([well, well]);
      expect(tried(0, full)).toEqual(full);
      probes.clear();
      expect(tried(8_192)).toEqual(well); // another one
    },
  );

  test('not while the mount table says read-only, and at once when it no longer does', () => {
    const { probes, dueIn } = turns();
    probes.seen(ROOM, false);
    probes.tried({ writable: true, why: '' });
    probes.seen(ROOM, true);
    expect([probes.writing(), dueIn(1_000)]).toEqual([{ writable: false, why: 'read-only' }, false]);
    probes.seen(ROOM, false);
    expect(probes.due()).toBe(true);
  });
});
