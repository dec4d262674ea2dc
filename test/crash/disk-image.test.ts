/** What the image says may be there after a power cut, case by case: the crash matrix is worth what these are. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { slowDisk } from '../fault/disk.ts';
import { temporaryFolder } from '../support/folder.ts';
import { type DiskImage, diskImage, type Landed, SECTOR, type Tree } from './disk-image.ts';
import { type Happening, parseTrace } from './trace.ts';

const text = (bytes: string) => Buffer.from(bytes);
const write = (path: string, bytes: string, offset = 0): Happening => ({
  kind: 'write',
  path,
  offset,
  bytes: text(bytes),
});
const sync = (path: string, number: number): Happening[] => [
  { kind: 'sync', path, number },
  { kind: 'synced', number },
];

function imageOf(first: Record<string, string | null>, happenings: readonly Happening[]): DiskImage {
  const image = diskImage(
    new Map(Object.entries(first).map(([path, content]) => [path, content === null ? null : text(content)])),
  );
  for (const happening of happenings) image.apply(happening);
  return image;
}

const shown = (tree: Tree) =>
  Object.fromEntries([...tree].map(([path, content]) => [path, content?.toString() ?? null]));
const none = (image: DiskImage) => shown(image.tree(() => null));
const all = (image: DiskImage) => shown(image.tree(() => 'whole'));
const only = (image: DiskImage, ...numbers: readonly number[]) =>
  shown(image.tree(({ number }) => (numbers.includes(number) ? 'whole' : null)));

describe('a file', () => {
  test('has what was written when the power stays on, and only what was synced when it goes', () => {
    const image = imageOf({ a: 'old' }, [write('a', 'new'), ...sync('a', 1), write('a', 'more', 3)]);
    expect([all(image), none(image)]).toEqual([{ a: 'newmore' }, { a: 'new' }]);
  });

  test('is not durable while its sync has not come back, and what is written meanwhile is no part of it', () => {
    const image = imageOf({ a: '' }, [write('a', 'one'), { kind: 'sync', path: 'a', number: 4 }, write('a', 'two', 3)]);
    expect(none(image)).toEqual({ a: '' });
    image.apply({ kind: 'synced', number: 4 });
    expect(none(image)).toEqual({ a: 'one' });
    expect(all(image)).toEqual({ a: 'onetwo' });
  });

  test('may have a later write and not an earlier one: the hole reads as zeros', () => {
    const image = imageOf({ a: '' }, [write('a', 'one'), write('a', 'two', 3)]);
    expect(only(image, 2)).toEqual({ a: '\0\0\0two' });
  });

  test('may have its length and not its bytes, or some sectors of them', () => {
    const page = 'x'.repeat(3 * SECTOR);
    const image = imageOf({ a: '' }, [write('a', page, 100)]);
    expect(image.pending()).toEqual([expect.objectContaining({ number: 1, sectors: 4 })]);
    const landing = (how: Landed) =>
      image
        .tree(() => how)
        .get('a')
        ?.toString();
    expect(landing('blank')).toBe('\0'.repeat(100 + 3 * SECTOR));
    expect(landing(new Set([0]))).toBe('\0'.repeat(100) + 'x'.repeat(SECTOR - 100) + '\0'.repeat(2 * SECTOR + 100));
    expect(landing(new Set([0, 1, 2, 3]))).toBe('\0'.repeat(100) + page);
  });

  test('that was cut and written again has nothing left of what stood behind the cut', () => {
    const image = imageOf({ a: 'abcdef' }, [{ kind: 'truncate', path: 'a', length: 2 }, write('a', 'z', 4)]);
    expect([all(image), none(image)]).toEqual([{ a: 'ab\0\0z' }, { a: 'abcdef' }]);
  });
});

describe('a name', () => {
  test("is its folder's: an fsync of the file doesn't keep it", () => {
    const image = imageOf({ d: null }, [{ kind: 'create', path: 'd/a' }, write('d/a', 'x'), ...sync('d/a', 1)]);
    expect(none(image)).toEqual({ d: null });
    for (const each of sync('d', 2)) image.apply(each);
    expect(none(image)).toEqual({ d: null, 'd/a': 'x' });
  });

  test('of a file that takes the place of another is the one or the other', () => {
    const image = imageOf({ a: 'old', 'a.new': 'new' }, [{ kind: 'rename', path: 'a.new', to: 'a' }]);
    expect([all(image), none(image)]).toEqual([{ a: 'new' }, { a: 'old', 'a.new': 'new' }]);
  });

  test('that took its place before the bytes were synced may stand on an empty file', () => {
    const image = imageOf({ a: 'old' }, [
      { kind: 'create', path: 'a.new' },
      write('a.new', 'new'),
      { kind: 'rename', path: 'a.new', to: 'a' },
    ]);
    expect(only(image, 3)).toEqual({ a: '' });
  });

  test('that moved between folders is in the one or the other, and in neither when only its removal was synced', () => {
    const moved: Happening = { kind: 'rename', path: 'd/a', to: 'e/a' };
    const before = { d: null, e: null, 'd/a': 'x' };
    const image = imageOf(before, [moved]);
    expect(image.pending()).toHaveLength(1);
    const asked: number[] = [];
    image.tree(({ number }) => (asked.push(number) > 1 ? null : 'whole'));
    expect(asked).toEqual([1]);
    expect([none(image), all(image)]).toEqual([before, { d: null, e: null, 'e/a': 'x' }]);
    expect(none(imageOf(before, [moved, ...sync('e', 1)]))).toEqual({ d: null, e: null, 'e/a': 'x' });
    expect(none(imageOf(before, [moved, ...sync('d', 1)]))).toEqual({ d: null, e: null });
  });

  test('in a folder that was never synced into its own is gone with it', () => {
    const image = imageOf({}, [{ kind: 'mkdir', path: 'd' }, { kind: 'create', path: 'd/a' }, ...sync('d', 1)]);
    expect([all(image), none(image)]).toEqual([{ d: null, 'd/a': '' }, {}]);
  });

  test('that is removed comes back, as what it was', () => {
    const image = imageOf({ a: 'x' }, [{ kind: 'unlink', path: 'a' }, { kind: 'create', path: 'a' }, write('a', 'y')]);
    expect([all(image), none(image), only(image, 3)]).toEqual([{ a: 'y' }, { a: 'x' }, { a: 'x' }]);
  });
});

test('what could not be done changes nothing, and what can not have been done is told', () => {
  const image = imageOf({ d: null, 'd/a': 'x' }, [
    { kind: 'mkdir', path: 'd' },
    { kind: 'rmdir', path: 'd' },
    { kind: 'unlink', path: 'b' },
    { kind: 'rename', path: 'b', to: 'c' },
  ]);
  expect(image.pending()).toEqual([]);
  expect(() => image.apply(write('b', 'y'))).toThrow('b is no file that is there');
});

test('a log is read with its bytes, and must agree with them', () => {
  const log = '1 create /w/a 0 0\n2 header /w/a 0 2\nnote told\n3 rename /w/a 0 4\n4 fsync /w 0 0\nsynced 4\n';
  expect(parseTrace(log, text('xy/w/b'), '/w')).toEqual([
    { kind: 'create', path: 'a' },
    write('a', 'xy'),
    { kind: 'note', text: 'told' },
    { kind: 'rename', path: 'a', to: 'b' },
    { kind: 'sync', path: '', number: 4 },
    { kind: 'synced', number: 4 },
  ]);
  expect(() => parseTrace(log, text('xy/w/bz'), '/w')).toThrow('the log tells of 6 bytes, and 7 were written');
});

test('of a log that is being written only whole lines count', () => {
  const root = temporaryFolder();
  const disk = slowDisk(join(root, 'state'), root);
  const written = (text: string) => {
    writeFileSync(join(root, 'disk-log'), text);
    return disk.read().operations.map(({ kind, length }) => [kind, length]);
  };
  const first = `1 write ${root}/state/cdrd.db-wal 0 4096\n`;
  for (const half of ['2 wri', `2 write ${root}/state/cdrd.db-wal 4120 40`])
    expect(written(first + half)).toEqual([['write', 4096]]);
});
