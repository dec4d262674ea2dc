/** What is done to the store's file while no store has it open: by the worker, or by a command in its own thread. */

import { existsSync } from 'node:fs';
import { storeError } from './errors.ts';
import { type Replacement, stagedFile } from './replaced.ts';
import { auditChains, headsText } from './sql/audit.ts';
import { type Database, openUntouched } from './sql/database.ts';
import { type Examined, examine, faultIn, quickFaultIn } from './sql/examine.ts';
import { notedNumbers } from './sql/given-out.ts';
import { migrations } from './sql/migration/migrations.ts';
import { asideName, finishReplacing, replaceStore } from './sql/replace.ts';
import { lastNumbers, type Numbers } from './sql/sequence.ts';
import { giveWay } from './thread-priority.ts';

export interface Replacing extends Pick<Replacement, 'from' | 'because' | 'who' | 'at'> {
  /** The store's file. */
  readonly file: string;
  readonly why: 'corrupt' | 'before-restore';
}

export const fileWork = {
  /** Whether the file staged for `file` may take its place. @throws {StoreError} `corrupt`, `newer` */
  examineStaged: (file: string): Examined => examine(stagedFile(file), migrations.length),
  /**
   * What is damaged in the store's file, which is held still for a copy of it (sql/still.ts); '' = nothing. What it says holds
   * for the copy, too. 105 MB (200,000 calls) took 0.4 s of a Xeon's core. @throws {StoreError} when it can't be read.
   */
  faultInStill: (file: string): string => {
    giveWay();
    return faultOf(() => {
      return closing(openUntouched(file, `${file}.proof`, false), quickFaultIn);
    });
  },
  /** The newest schema that this cdrd knows. */
  newestSchema: (): number => migrations.length,
  /** What is damaged in the store; '' = nothing. It reads all of it. @throws {StoreError} when it can't be read. */
  faultIn: (file: string): string => faultOf(() => closing(look(file), faultIn)),
  /** @returns the name that what was there goes on under. */
  replace: ({ file, why, ...told }: Replacing): string => {
    const aside = asideName(file, why, told.at);
    replaceStore(file, { ...told, aside, last: lastGiven(file, why), audit: auditHeads(file) });
    return aside;
  },
} as const;

export type FileWork = typeof fileWork;
export type { Examined };

/** What may be set aside stays as it was met: opened for writing, a damaged file would take in its log, which would be gone. */
function look(file: string): Database {
  finishReplacing(file);
  return openUntouched(file, `${file}.look`, true);
}

/** A damaged store may still tell, and may have lost its last commits. @see Replacement.last */
function lastGiven(file: string, why: Replacing['why']): Replacement['last'] {
  const told = lastKnown(file);
  const noted = notedNumbers(file);
  if (!told || !noted) return told ?? noted;
  if (why === 'before-restore') return told;
  return { outbox: Math.max(told.outbox, noted.outbox), call: Math.max(told.call, noted.call) };
}

function lastKnown(file: string): Numbers | null {
  return ifReadable(file, lastNumbers);
}

/** Where the audit log of the store ends that is set aside; '' when it can't tell, or is older than the chains. */
function auditHeads(file: string): string {
  return ifReadable(file, (database) => headsText(auditChains(database))) ?? '';
}

function ifReadable<T>(file: string, work: (database: Database) => T): T | null {
  if (!existsSync(file)) return null;
  try {
    return closing(look(file), work);
  } catch {
    return null;
  }
}

/** @param work What finds the fault, or meets it. */
function faultOf(work: () => string): string {
  try {
    return work();
  } catch (error) {
    const { code, message } = storeError(error, 'reading all of it');
    if (code !== 'corrupt') throw error;
    return message;
  }
}

function closing<T>(database: Database, work: (database: Database) => T): T {
  try {
    return work(database);
  } finally {
    database.close();
  }
}
