/** What is done to the store's file while no store has it open: by the worker, or by a command in its own thread. */

import { existsSync } from 'node:fs';
import { openDatabase } from './sql/database.ts';
import { type Examined, examine, faultIn } from './sql/examine.ts';
import { migrations } from './sql/migration/migrations.ts';
import { asideName, type Replacement, replaceStore, stagedFile } from './sql/replace.ts';
import { lastNumbers } from './sql/replacement.ts';

export interface Replacing extends Pick<Replacement, 'from' | 'because' | 'who' | 'at'> {
  /** The store's file. */
  readonly file: string;
  readonly why: 'corrupt' | 'before-restore';
}

export const fileWork = {
  /** Whether the file staged for `file` may take its place. @throws {StoreError} `corrupt`, `newer` */
  examineStaged: (file: string): Examined => examine(stagedFile(file), migrations.length),
  /** What is wrong with the store; '' = nothing. It reads all of it. */
  faultIn: (file: string): string => {
    try {
      return withDatabase(file, faultIn);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
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
