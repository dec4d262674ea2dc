/** What is done to the store's file while no store has it open: by the worker, or by a command in its own thread. */

import { existsSync } from 'node:fs';
import { storeError } from './errors.ts';
import { type Replacement, stagedFile } from './replaced.ts';
import { openDatabase } from './sql/database.ts';
import { type Examined, examine, faultIn } from './sql/examine.ts';
import { migrations } from './sql/migration/migrations.ts';
import { asideName, replaceStore } from './sql/replace.ts';
import { lastNumbers } from './sql/replacement.ts';

export interface Replacing extends Pick<Replacement, 'from' | 'because' | 'who' | 'at'> {
  /** The store's file. */
  readonly file: string;
  readonly why: 'corrupt' | 'before-restore';
}

export const fileWork = {
  /** Whether the file staged for `file` may take its place. @throws {StoreError} `corrupt`, `newer` */
  examineStaged: (file: string): Examined => examine(stagedFile(file), migrations.length),
  /** What is damaged in the store; '' = nothing. It reads all of it. @throws {StoreError} when it can't be read. */
  faultIn: (file: string): string => {
    try {
      return withDatabase(file, faultIn);
    } catch (error) {
      const { code, message } = storeError(error, 'reading all of it');
      if (code !== 'corrupt') throw error;
      return message;
    }
  },
  /** @returns the name that what was there goes on under. */
  replace: ({ file, why, ...told }: Replacing): string => {
    const aside = asideName(file, why, told.at);
    replaceStore(file, { ...told, aside, last: lastKnown(file) });
    return aside;
  },
} as const;

export type FileWork = typeof fileWork;
export type { Examined };

/** A damaged store may still tell. */
function lastKnown(file: string): Replacement['last'] {
  if (!existsSync(file)) return null;
  try {
    return withDatabase(file, lastNumbers);
  } catch {
    return null;
  }
}

function withDatabase<T>(file: string, work: (database: ReturnType<typeof openDatabase>) => T): T {
  const database = openDatabase(file);
  try {
    return work(database);
  } finally {
    database.close();
  }
}
