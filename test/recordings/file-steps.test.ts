/** File work on a folder in this thread: which names are opened at all, and that moves can be said twice. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { SeenFile } from '../../daemon/recordings/file-protocol.ts';
import * as reads from '../../daemon/recordings/file-reads.ts';
import {
  eraseSome,
  listTrash,
  moveBack,
  moveToTrash,
  removeFiles,
  trashFolder,
} from '../../daemon/recordings/file-steps.ts';
import { repairHeader, restoreHeader } from '../../daemon/recordings/header-steps.ts';
import { readMark, writeMark } from '../../daemon/recordings/identity-file.ts';
import { BATCH_FILES, READ_BYTES } from '../../daemon/recordings/limits.ts';
import { createPlace, type OpenFolder } from '../../daemon/recordings/open-folder.ts';
import { writeProbe } from '../../daemon/recordings/write-probe.ts';
import { pathFault } from '../../storage/model/recording-path.ts';
import { temporaryFolder } from '../support/folder.ts';
import { pcmWav } from './helper.ts';

function store() {
  const base = temporaryFolder();
  const root = join(base, 'monitor');
  mkdirSync(join(root, '20210329'), { recursive: true });
  writeFileSync(join(base, 'secret.wav'), 'secret');
  writeFileSync(join(root, '20210329/a.wav'), 'sound of a');
  writeFileSync(join(root, 'root.wav'), 'root');
  return { base, root };
}

/** In the folder as it is opened for one message. */
function inPlace<T>(root: string, work: (place: OpenFolder) => T): T {
  const place = createPlace(root);
  try {
    return work(place);
  } finally {
    place.close();
  }
}

const lookAt = (root: string, paths: readonly string[]) => inPlace(root, (place) => reads.lookAt(place, paths));
const readStretches = (root: string, ...rest: Tail<Parameters<typeof reads.readStretches>>) =>
  inPlace(root, (place) => reads.readStretches(place, ...rest));
type Tail<All extends readonly unknown[]> = All extends [unknown, ...infer Rest] ? Rest : never;

/** Its text; null: it is no longer that file. */
function readOne(root: string, file: SeenFile, from: number, length: number): string | null {
  const room = new Uint8Array(length);
  const filled = readStretches(root, [{ file, from, at: 0, length }], room, () => false);
  return filled === null ? null : Buffer.from(room.subarray(0, filled)).toString();
}

const files = (root: string) =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();

describe('a path', () => {
  test.each([
    ['', 'is empty'],
    ['/etc/passwd', 'is absolute'],
    ['//etc/x.wav', 'is absolute'],
    ['../secret.wav', 'leads out'],
    ['20210329/../../secret.wav', 'leads out'],
    ['20210329/..', 'leads out'],
    ['./a.wav', 'leads out'],
    ['20210329/./a.wav', 'leads out'],
    ['20210329//a.wav', 'empty part'],
    ['20210329/', 'empty part'],
    ['20210329/a.wav/', 'empty part'],
    ['20210329\\a.wav', 'backslash'],
    ['..\\secret.wav', 'backslash'],
    ['20210329/a.wav\0.txt', 'NUL'],
    ['20210329/a\0.wav', 'NUL'],
    ['.trash/1-00000000/a.wav', 'is hidden'],
    ['20210329/.a.wav', 'is hidden'],
    ['...wav', 'is hidden'],
    ['.TRASH/1-00000000/a.wav', 'is hidden'],
    ['.Cdrd/a.wav', 'is hidden'],
    ['TRASH~1/a.wav', 'is hidden'],
    ['cdrd~2/a.wav', 'is hidden'],
    ['20210329/a.wav.', 'no .wav'],
    ['20210329/a.wav ', 'no .wav'],
    ['20210329/a.wav::$DATA', 'no .wav'],
    ['20210329\u202e/../../a.wav', 'leads out'],
    ['%2e%2e/secret.wav\0', 'NUL'],
    ['a/b/c.wav', 'deeper'],
    ['20210329/a.txt', 'no .wav'],
    ['20210329', 'no .wav'],
    ['cdrd.db', 'no .wav'],
    [`20210329/${'x'.repeat(252)}.wav`, 'over 255 bytes'],
    [`20210329/${'ü'.repeat(126)}.wav`, 'over 255 bytes'],
  ])('%j is refused', (path, why) => {
    expect(pathFault(path)).toContain(why);
    const { root } = store();
    expect(lookAt(root, [path])).toEqual(['outside']);
    const seen = { path, size: 4, mtimeMs: 0, place: '' };
    expect(readOne(root, seen, 0, 4)).toBeNull();
    expect(removeFiles(root, [path])).toEqual(['missing']);
    expect(trashFolder(root, '1-00000000', true)).toBe('');
    expect(moveToTrash(root, '1-00000000', [path])).toEqual(['missing']);
    expect(files(root)).toEqual(['20210329/a.wav', 'root.wav']);
  });

  test.each(['20210329/a.wav', 'root.wav', '20210329/620(202) +*#;.WAV', 'a..b.wav', `${'x'.repeat(251)}.wav`])(
    '%j may name a recording',
    (path) => expect(pathFault(path)).toBe(''),
  );

  test('a link leads nowhere, be it a file or a folder; what is no file is not there', () => {
    const { base, root } = store();
    symlinkSync(join(base, 'secret.wav'), join(root, '20210329/link.wav'));
    symlinkSync(base, join(root, 'outside'));
    symlinkSync('20210329', join(root, 'inside'));
    mkdirSync(join(root, '20210329/folder.wav'));
    const paths = ['20210329/link.wav', 'outside/secret.wav', 'inside/a.wav', '20210329/folder.wav', 'no/a.wav'];
    expect(lookAt(root, paths)).toEqual(['outside', 'outside', 'outside', 'missing', 'missing']);
    for (const path of paths) expect(readOne(root, { path, size: 6, mtimeMs: 0, place: '' }, 0, 6)).toBeNull();
    trashFolder(root, '1-00000000', true);
    expect(moveToTrash(root, '1-00000000', paths)).toEqual(paths.map(() => 'missing'));
    expect(removeFiles(root, paths)).toEqual(paths.map(() => 'missing'));
    expect(readFileSync(join(base, 'secret.wav'), 'utf8')).toBe('secret');
  });

  test('a trash that is a link is not used', () => {
    const { base, root } = store();
    mkdirSync(join(base, 'elsewhere'));
    symlinkSync(join(base, 'elsewhere'), join(root, '.trash'));
    expect(trashFolder(root, '1-00000000', true)).not.toBe('');
    expect(() => moveToTrash(root, '1-00000000', ['root.wav'])).toThrow();
    expect(listTrash(root)).toEqual([]);
    expect(readdirSync(join(base, 'elsewhere'))).toEqual([]);
    expect(files(root)).toContain('root.wav');
  });

  test('a file with several names is a recording only if it begins as one', () => {
    const { base, root } = store();
    const wav = pcmWav(1);
    writeFileSync(join(root, 'root.wav'), wav);
    linkSync(join(root, 'root.wav'), join(root, '20210329/hard.wav'));
    expect(lookAt(root, ['20210329/hard.wav', 'root.wav'])).toMatchObject([{ size: wav.length }, { size: wav.length }]);
    linkSync(join(base, 'secret.wav'), join(root, '20210329/stolen.wav'));
    expect(lookAt(root, ['20210329/stolen.wav'])).toEqual(['outside']);
    // Also where the link is laid behind the look.
    const seen = {
      path: '20210329/stolen.wav',
      size: 6,
      mtimeMs: statSync(join(base, 'secret.wav')).mtimeMs,
      place: '',
    };
    expect(readOne(root, { ...seen, mtimeMs: Math.trunc(seen.mtimeMs) }, 0, 6)).toBeNull();
    expect(repairHeader(root, '20210329/stolen.wav')).toEqual({ result: 'missing' });
    // Its name goes like any other; the file stays under its own.
    expect(removeFiles(root, ['20210329/stolen.wav'])).toEqual([6]);
    expect(readFileSync(join(base, 'secret.wav'), 'utf8')).toBe('secret');
  });

  test('pipes, sockets and devices of a recording’s name are not there, and nobody waits for them', () => {
    const { root } = store();
    execFileSync('mkfifo', [join(root, '20210329/pipe.wav')]);
    const made = spawnSync('mknod', [join(root, '20210329/device.wav'), 'c', '1', '5']); // /dev/zero: as root only
    const paths = ['20210329/pipe.wav', ...(made.status === 0 ? ['20210329/device.wav'] : [])];
    expect(lookAt(root, paths)).toEqual(paths.map(() => 'missing'));
    for (const path of paths) {
      expect(readOne(root, { path, size: 0, mtimeMs: 0, place: '' }, 0, 6)).toBeNull();
      expect(repairHeader(root, path)).toEqual({ result: 'missing' });
    }
    trashFolder(root, '1-00000000', true);
    expect(moveToTrash(root, '1-00000000', paths)).toEqual(paths.map(() => 'missing'));
    expect(removeFiles(root, paths)).toEqual(paths.map(() => 'missing'));
  });

  test.each([
    ['a hard link', (own: string, name: string, other: string) => linkSync(other, join(own, name))],
    ['a link', (own: string, name: string, other: string) => symlinkSync(other, join(own, name))],
    ['a pipe', (own: string, name: string) => void execFileSync('mkfifo', [join(own, name)])],
  ])('what we write on the medium goes into no %s that lay there', (_, lay) => {
    const { base, root } = store();
    const other = join(base, 'secret.wav');
    const own = join(root, '.cdrd');
    mkdirSync(own);
    lay(own, 'probe', other);
    lay(own, 'medium.new', other);
    writeProbe(root);
    const mark = writeMark(root);
    expect(readMark(root)).toBe(mark);
    writeFileSync(join(root, '20210329/cut.wav'), pcmWav(1).fill(0, 4, 8).fill(0, 40, 44));
    mkdirSync(join(own, 'header/20210329'), { recursive: true });
    lay(join(own, 'header/20210329'), '.fresh', other);
    expect(repairHeader(root, '20210329/cut.wav').result).toBe('repaired');
    expect(restoreHeader(root, '20210329/cut.wav').result).toBe('restored');
    expect(readFileSync(other, 'utf8')).toBe('secret');
  });
});

describe('a stretch', () => {
  const seen = (root: string, path = 'root.wav') => {
    const [looked] = lookAt(root, [path]);
    if (typeof looked !== 'object') throw new Error(String(looked));
    return { path, place: '', ...looked };
  };

  test('is read where it lies', () => {
    const { root } = store();
    expect(readOne(root, seen(root), 1, 2)).toBe('oo');
  });

  test('of a file that has grown is what was promised', () => {
    const { root } = store();
    const file = seen(root);
    writeFileSync(join(root, 'root.wav'), 'root and more');
    expect(readOne(root, file, 0, 4)).toBe('root');
  });

  test.each([
    ['has shrunk', (path: string) => writeFileSync(path, 'roo')],
    ['was written again', (path: string) => utimesSync(path, 1, 1)],
    ['has gone', (path: string) => renameSync(path, `${path}.old`)],
  ])('of a file that %s is none', (_, change) => {
    const { root } = store();
    const file = seen(root);
    change(join(root, 'root.wav'));
    expect(readOne(root, file, 0, 4)).toBeNull();
  });
});

describe('stretches of several files', () => {
  const NAMES = ['20210329/a.wav', '20210329/b.wav', '20210330/c.wav', 'root.wav'];
  /** Four files of ten bytes, `a` to `d`, and room for each at every twelfth byte. */
  function several() {
    const { root } = store();
    mkdirSync(join(root, '20210330'));
    for (const [n, path] of NAMES.entries()) writeFileSync(join(root, path), 'abcd'.charAt(n).repeat(10));
    const looked = lookAt(root, NAMES);
    const stretches = NAMES.map((path, n) => {
      const { size, mtimeMs } = looked[n] as { size: number; mtimeMs: number };
      return { file: { path, size, mtimeMs, place: '' }, from: 0, at: 2 + 12 * n, length: 10 };
    });
    const room = new Uint8Array(50).fill(0x2e);
    const read = (enough = () => false) => readStretches(root, stretches, room, enough);
    return { root, stretches, read, text: () => Buffer.from(room).toString() };
  }

  test('come to stand where they are wanted, and nothing is written beside them', () => {
    const { read, text } = several();
    expect(read()).toBe(40);
    expect(text()).toBe('..aaaaaaaaaa..bbbbbbbbbb..cccccccccc..dddddddddd..');
  });

  test('end before the first that is no longer what it was; as the first of all it is told', () => {
    const { root, stretches, read } = several();
    writeFileSync(join(root, NAMES[2] ?? ''), 'short');
    expect(read()).toBe(20);
    expect(readStretches(root, stretches.slice(2), new Uint8Array(50), () => false)).toBeNull();
    renameSync(join(root, '20210329'), join(root, 'other'));
    expect(read()).toBeNull();
  });

  test('end before the first that the system does not give; as the first of all its error is thrown', () => {
    const { root, stretches } = several();
    const last = stretches.at(-1);
    if (!last) throw new Error('there are four');
    // Beyond what a read can take: EINVAL, as a broken medium's EIO.
    const broken = { ...last, from: -5 };
    const room = new Uint8Array(50);
    expect(readStretches(root, [...stretches.slice(0, 2), broken], room, () => false)).toBe(20);
    expect(() => readStretches(root, [broken], room, () => false)).toThrow();
  });

  test('end when it is enough: between files, and in the middle of a large one', () => {
    const { root, read } = several();
    expect(read(() => true)).toBe(10);
    writeFileSync(join(root, 'root.wav'), Buffer.alloc(READ_BYTES * 3));
    const [looked] = lookAt(root, ['root.wav']);
    const file = { path: 'root.wav', place: '', ...(looked as { size: number; mtimeMs: number }) };
    const large = { file, from: 0, at: 0, length: READ_BYTES * 3 };
    let asked = 0;
    expect(readStretches(root, [large], new Uint8Array(READ_BYTES * 3), () => ++asked === 2)).toBe(READ_BYTES * 2);
  });

  test('of empty files open nothing', () => {
    const { root, stretches } = several();
    const empty = stretches.map((each) => ({ ...each, file: { ...each.file, path: 'gone.wav' }, length: 0 }));
    expect(readStretches(root, empty, new Uint8Array(0), () => false)).toBe(0);
  });
});

describe('the trash', () => {
  const FOLDER = '7-0123abcd';

  test('takes files and gives them back, twice as well as once', () => {
    const { root } = store();
    expect(trashFolder(root, FOLDER, false)).toBe('ENOENT');
    expect(trashFolder(root, FOLDER, true)).toBe('');
    expect(trashFolder(root, FOLDER, true)).toBe('');
    const paths = ['20210329/a.wav', 'root.wav', '20210329/none.wav'];
    expect(moveToTrash(root, FOLDER, paths)).toEqual([10, 4, 'missing']);
    expect(files(root)).toEqual([`.trash/${FOLDER}/20210329/a.wav`, `.trash/${FOLDER}/root.wav`]);
    expect(moveToTrash(root, FOLDER, paths)).toEqual([10, 4, 'missing']);
    expect(moveBack(root, FOLDER, paths)).toEqual([10, 4, 'missing']);
    expect(files(root)).toEqual(['20210329/a.wav', 'root.wav']);
    expect(moveBack(root, FOLDER, paths)).toEqual([10, 4, 'missing']);
    expect(readFileSync(join(root, '20210329/a.wav'), 'utf8')).toBe('sound of a');
  });

  test('writes nothing over: neither a file that has come since, nor one in the trash', () => {
    const { root } = store();
    trashFolder(root, FOLDER, true);
    moveToTrash(root, FOLDER, ['root.wav']);
    writeFileSync(join(root, 'root.wav'), 'new');
    expect(moveToTrash(root, FOLDER, ['root.wav'])).toEqual([4]);
    expect(readFileSync(join(root, 'root.wav'), 'utf8')).toBe('new');
    expect(moveBack(root, FOLDER, ['root.wav'])).toEqual([4]);
    expect(readFileSync(join(root, 'root.wav'), 'utf8')).toBe('new');
    expect(readFileSync(join(root, `root-restored-${FOLDER}.wav`), 'utf8')).toBe('root');
  });

  test('gives back into a day whose folder has gone', () => {
    const { root } = store();
    trashFolder(root, FOLDER, true);
    moveToTrash(root, FOLDER, ['20210329/a.wav']);
    renameSync(join(root, '20210329'), join(root, 'other'));
    expect(moveBack(root, FOLDER, ['20210329/a.wav'])).toEqual([10]);
    expect(files(root)).toContain('20210329/a.wav');
  });

  test('is erased in bounded steps, whatever lies in it, and no further than its own folder', () => {
    const { base, root } = store();
    trashFolder(root, FOLDER, true);
    trashFolder(root, '8-00000000', true);
    const own = join(root, '.trash', FOLDER);
    mkdirSync(join(own, '20210329/deep'), { recursive: true });
    for (let n = 0; n < BATCH_FILES * 2; n++) writeFileSync(join(own, '20210329', `${n}.wav`), '');
    writeFileSync(join(own, '20210329/deep/x'), '');
    symlinkSync(base, join(own, 'link'));
    let steps = 1;
    while (eraseSome(root, FOLDER).more) steps += 1;
    expect(steps).toBe(3);
    expect(listTrash(root).map(({ name }) => name)).toEqual(['8-00000000']);
    expect(files(base)).toEqual(['monitor/20210329/a.wav', 'monitor/root.wav', 'secret.wav']);
    expect(eraseSome(root, FOLDER)).toEqual({ more: false });
  });
});
