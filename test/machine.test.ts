/** What the machine tells of itself: who is logged in, what folders take, compared with the system's own programs. */
import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { FolderSize } from '../cgi/dialect/machine-port.ts';
import { machineLimits } from '../daemon/limits.ts';
import { folderSize, mountPoints } from '../daemon/machine/folder-size.ts';
import { createMachine } from '../daemon/machine/machine.ts';
import { countUsers, recordSize } from '../daemon/machine/utmp.ts';
import { eventually } from './support/daemon.ts';
import { temporaryFolder } from './support/folder.ts';

const NO_MOUNTS: ReadonlySet<string> = new Set();

/** Records of these kinds, of this length. */
function utmp(size: number, ...types: number[]): Buffer {
  const file = Buffer.alloc(size * types.length, 'x');
  for (const [index, type] of types.entries()) file.writeInt32LE(type, index * size);
  return file;
}

test.each([384, 400])('who is logged in, in records of %i bytes, whatever the processor would have', (size) => {
  const file = utmp(size, 2, 7, 6, 7, 8, 7);
  expect([countUsers(file, 384), countUsers(file, 400)]).toEqual([3, 3]);
  expect(countUsers(file.subarray(1))).toBe(null);
});

test('a file that is none of these is no list, and an empty one is a list of nobody', () => {
  expect(countUsers(Buffer.alloc(384, 0xff))).toBe(null);
  expect(countUsers(Buffer.alloc(0))).toBe(0);
  expect([recordSize('arm'), recordSize('x64'), recordSize('arm64')]).toEqual([384, 384, 400]);
});

/** A folder with all that is counted in a way of its own. */
function folder(): string {
  const top = join(temporaryFolder(), 'top');
  mkdirSync(join(top, 'a/b'), { recursive: true });
  mkdirSync(join(top, 'c'));
  for (const [index, name] of ['a/1', 'a/b/2', 'c/3'].entries())
    writeFileSync(join(top, name), Buffer.alloc(10_000 * (index + 1)));
  linkSync(join(top, 'a/1'), join(top, 'c/1'));
  symlinkSync('/etc', join(top, 'c/etc'));
  writeFileSync(join(top, 'sparse'), 'x');
  truncateSync(join(top, 'sparse'), 50_000_000);
  return top;
}

test('a folder takes what du says', async () => {
  const top = folder();
  const bytes = Number(/^\d+/.exec(execFileSync('du', ['-s', '-B1', top], { encoding: 'utf8' })));
  expect(await folderSize(top, machineLimits, NO_MOUNTS)).toEqual({ bytes, unread: 0, isCut: false, why: '' });
  const one = Number(/^\d+/.exec(execFileSync('du', ['-s', '-B1', join(top, 'a/1')], { encoding: 'utf8' })));
  expect(await folderSize(join(top, 'a/1'), machineLimits, NO_MOUNTS)).toMatchObject({ bytes: one });
});

test('what is not there says so, and what is too much is given up', async () => {
  const top = folder();
  expect(await folderSize(join(top, 'none'), machineLimits, NO_MOUNTS)).toMatchObject({
    bytes: null,
    why: 'there is no such folder',
  });
  expect(await folderSize(top, { entries: 3, ms: 10_000 }, NO_MOUNTS)).toMatchObject({ isCut: true });
  let now = 0;
  expect(await folderSize(top, { entries: 100, ms: 2 }, NO_MOUNTS, () => now++)).toMatchObject({ isCut: true });
});

test('what is mounted in a folder is not looked at', async () => {
  const top = folder();
  const mounts = mountPoints(
    `36 25 0:32 / ${top}/a rw shared:1 - tmpfs tmpfs rw\n37 25 0:33 / /media/my\\040stick rw - x x\n`,
  );
  expect([...mounts]).toEqual([`${top}/a`, '/media/my stick', '']);
  const { bytes, unread } = await folderSize(top, machineLimits, mounts);
  const all = await folderSize(top, machineLimits, NO_MOUNTS);
  expect([unread, Number(bytes) < Number(all.bytes)]).toEqual([1, true]);
});

test('a disk that does not answer is waited for once, and not for long', async () => {
  let answer = (_: FolderSize) => {};
  let walks = 0;
  const walk = () => {
    walks++;
    return new Promise<FolderSize>((resolve) => {
      answer = resolve;
    });
  };
  const limits = { ...machineLimits, ms: 0, silentMs: 10, knownMs: 0 };
  const machine = createMachine(undefined, limits, undefined, walk);
  const silent = { bytes: null, unread: 1, isCut: false, why: 'its disk does not answer' };
  expect([await machine.folder('/opt'), await machine.folder('/etc'), walks]).toEqual([silent, silent, 1]);
  const found = { bytes: 1, unread: 0, isCut: false, why: '' };
  answer(found);
  // The walk that was waited for has come to its end: from now on others begin.
  await eventually(async () => {
    void machine.folder('/etc').then(() => {});
    await new Promise(setImmediate);
    return walks === 2;
  });
  answer(found);
});

test('what a folder takes is known for a while', async () => {
  const top = folder();
  let now = 0;
  const machine = createMachine(undefined, machineLimits, () => now);
  const [first, same] = await Promise.all([machine.folder(top), machine.folder(top)]);
  expect(same).toBe(first);
  writeFileSync(join(top, 'more'), Buffer.alloc(100_000));
  now = machineLimits.knownMs - 1;
  expect(await machine.folder(top)).toBe(first);
  now = machineLimits.knownMs;
  expect((await machine.folder(top)).bytes).toBeGreaterThan(first.bytes ?? 0);
});

test('who is logged in and what the firewall holds are read in the files of the system, and null without them', async () => {
  const files = { utmp: join(temporaryFolder(), 'utmp'), tables: join(temporaryFolder(), 'tables'), mounts: '' };
  const machine = createMachine(files);
  expect([await machine.users(), await machine.filterTables()]).toEqual([null, null]);
  writeFileSync(files.utmp, utmp(384, 2, 7));
  writeFileSync(files.tables, 'filter\nnat\n');
  expect([await machine.users(), await machine.filterTables()]).toEqual([1, ['filter', 'nat']]);
});

test('room is what df says', async () => {
  const [, line = ''] = execFileSync('df', ['-B1', '--output=size,used', '/'], { encoding: 'utf8' }).split('\n');
  const [size = 0, used = 0] = line.trim().split(/ +/).map(Number);
  const room = await createMachine().room('/');
  expect(room.size).toBe(size);
  expect(Math.abs(room.used - used)).toBeLessThan(size / 100);
});
