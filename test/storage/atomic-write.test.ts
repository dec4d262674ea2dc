/** A small file is the old one or the new one, with its mode from the first byte on. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { atomicWrite } from '../../storage/atomic-write.ts';
import { temporaryFolder } from '../support/folder.ts';

const mode = (path: string) => statSync(path).mode & 0o777;

test('writes, writes over, and leaves nothing beside it', async () => {
  const folder = temporaryFolder();
  const path = `${folder}/secret`;
  await atomicWrite(path, 'one', 0o600);
  expect([readFileSync(path, 'utf8'), mode(path)]).toEqual(['one', 0o600]);
  chmodSync(path, 0o644);
  await atomicWrite(path, new Uint8Array([0, 255]), 0o640);
  expect([[...readFileSync(path)], mode(path)]).toEqual([[0, 255], 0o640]);
  expect(readdirSync(folder)).toEqual(['secret']);
});

test('takes no notice of what an earlier try left, be it a link to elsewhere', async () => {
  const folder = temporaryFolder();
  writeFileSync(`${folder}/elsewhere`, 'untouched');
  symlinkSync(`${folder}/elsewhere`, `${folder}/secret.new`);
  await atomicWrite(`${folder}/secret`, 'mine', 0o600);
  expect(readFileSync(`${folder}/elsewhere`, 'utf8')).toBe('untouched');
  expect([readFileSync(`${folder}/secret`, 'utf8'), mode(`${folder}/secret`)]).toEqual(['mine', 0o600]);
});

test('that fails leaves the old one', async () => {
  const folder = temporaryFolder();
  mkdirSync(`${folder}/secret`);
  writeFileSync(`${folder}/secret/old`, 'old');
  await expect(atomicWrite(`${folder}/secret`, 'new', 0o600)).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
  expect(readFileSync(`${folder}/secret/old`, 'utf8')).toBe('old');
});
