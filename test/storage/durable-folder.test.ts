/** Folders made on the way; that their names survive a power cut is the crash matrix's to prove. */
import { statSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { durableFolder } from '../../storage/durable-folder.ts';
import { temporaryFolder } from '../support/folder.ts';

test('all that are missing are made, with their mode', async () => {
  const root = temporaryFolder();
  await durableFolder(join(root, 'a/b/c'), 0o700);
  for (const path of ['a', 'a/b', 'a/b/c']) expect(statSync(join(root, path)).mode & 0o777).toBe(0o700);
});

test('one that is there stays as it is', async () => {
  const path = join(temporaryFolder(), 'a');
  await mkdir(path);
  await chmod(path, 0o755);
  await durableFolder(path, 0o700);
  expect(statSync(path).mode & 0o777).toBe(0o755);
});

test('a file in its place is told', async () => {
  await expect(durableFolder('/etc/hostname/x', 0o700)).rejects.toThrow(/ENOTDIR/);
});
