/** The top of the medium, on a file system that says what its entries are and on one that doesn't (ext2 without types, some FUSE). */
import * as fs from 'node:fs';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { topOf } from '../../daemon/recordings/top-folders.ts';
import { temporaryFolder } from '../support/folder.ts';

vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>();
  return { ...real, readdirSync: vi.fn(real.readdirSync) };
});

/** As Node does where the system tells no types: it looks at each entry, by its name in the encoding that was asked for. */
async function tellNoTypes(): Promise<void> {
  const real = await vi.importActual<typeof fs>('node:fs');
  const listed = (path: string, { encoding }: { encoding: 'buffer' | 'latin1' }) =>
    real.readdirSync(path, { encoding: encoding as 'buffer' }).map((name: Buffer | string) => {
      const way = typeof name === 'string' ? join(path, name) : Buffer.concat([Buffer.from(`${path}/`), name]);
      const stat = real.lstatSync(way);
      return { name, isFile: () => stat.isFile(), isDirectory: () => stat.isDirectory() };
    });
  vi.mocked(fs.readdirSync).mockImplementation(listed as never);
}

let folder = '';
beforeEach(async () => {
  const real = await vi.importActual<typeof fs>('node:fs');
  vi.mocked(fs.readdirSync).mockImplementation(real.readdirSync as never);
  folder = temporaryFolder();
  for (const name of ['20210507', 'Aufnähmen', '.cdrd']) mkdirSync(join(folder, name));
  mkdirSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from('Aufn\xe4hmen', 'latin1')]));
  writeFileSync(join(folder, 'notes.txt'), '');
});

describe.each(['that tells types', 'that tells none'])('on a file system %s', (kind) => {
  beforeEach(() => (kind === 'that tells none' ? tellNoTypes() : undefined));

  test('folders are named whatever alphabet they are in; what is hidden or no UTF-8 is left alone', () => {
    const { folders, wavs } = topOf(folder);
    expect([...folders].sort()).toEqual(['20210507', 'Aufnähmen']);
    expect(wavs).toBe(false);
  });

  test('recordings beside the folders are seen, by either spelling of their ending', () => {
    writeFileSync(join(folder, 'Größe.WAV'), '');
    expect(topOf(folder).wavs).toBe(true);
  });
});
