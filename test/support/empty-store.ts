/**
 * A store with its tables and nothing in them, copied: made anew it takes ten times as long, and hundreds of tests want
 * one. setup.ts makes it before the tests, by the very way in; how it is made has tests of its own.
 */
import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openStore, type StoreOptions } from '../../storage/store.ts';
import { storeOptions } from './legs.ts';

const BUILD = fileURLToPath(new URL('../.build', import.meta.url));
const EMPTY = storeOptions(BUILD).file;

/** For setup.ts. */
export function makeEmptyStore(): void {
  for (const rest of ['', '-wal', '-shm', '.lock']) rmSync(EMPTY + rest, { recursive: true, force: true });
  openStore(storeOptions(BUILD)).close();
}

/** Puts one where the options say, unless a store is there already. @returns the options. */
export function emptyStore(options: StoreOptions): StoreOptions {
  if (!existsSync(options.file)) copyFileSync(EMPTY, options.file);
  return options;
}
