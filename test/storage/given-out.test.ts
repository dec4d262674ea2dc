/** The note of how far the numbers may have come: ahead of every number that anybody is told, whatever the disk does. */
import { mkdirSync, rmSync, statSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { openStoreHere } from '../../storage/here.ts';
import { notedNumbers } from '../../storage/sql/given-out.ts';
import { emptyStore } from '../support/empty-store.ts';
import { temporaryFolder } from '../support/folder.ts';
import { leg, storeOptions } from '../support/legs.ts';
import { put } from './helper.ts';

const NOON = 1_619_082_110;

function opened() {
  const options = emptyStore(storeOptions(temporaryFolder()));
  const store = openStoreHere(options);
  onTestFinished(() => store.close());
  return { store, file: options.file, note: `${options.file}.numbers` };
}

test('is there with the first number, far ahead, and is left alone until that is reached', async () => {
  const { store, file, note } = opened();
  expect(notedNumbers(file)).toBe(null);
  await put(store, leg(NOON));
  expect(notedNumbers(file)).toEqual({ outbox: 30_001, call: 10_001 });
  expect(statSync(note).mode & 0o777).toBe(0o600);
  const before = statSync(note).mtimeMs;
  await put(store, leg(NOON + 10));
  expect(statSync(note).mtimeMs).toBe(before);
});

test('nothing is given out that could not be noted, and all goes on when it can be', async () => {
  const { store, file, note } = opened();
  mkdirSync(`${note}.new/in-the-way`, { recursive: true });
  await expect(put(store, leg(NOON))).rejects.toThrow();
  expect(await store.ask('outbox', 0)).toMatchObject({ newest: 0 });
  rmSync(`${note}.new`, { recursive: true });
  await store.work('probeDisk');
  expect((await put(store, leg(NOON))).records).toEqual([1]);
  expect(notedNumbers(file)).not.toBe(null);
});
