/**
 * Damage that was met while the store was in use, remembered across the end of the process. Opening alone would not find a
 * ruined page in the middle: the next start reads all of the store. If it is whole after all (bad memory, say) that is
 * noted, too: met again within a day the store is taken for damaged, or the box would start and end for ever.
 *
 * Written by synchronous calls: the process is about to end, and must not end before.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { syncPath } from '../../storage/sync-path.ts';
import { backupLimits } from '../limits.ts';
import { databaseFile } from '../state.ts';

interface Suspicion {
  /** What was met, for people. */
  readonly why: string;
  /** Epoch seconds. */
  readonly at: number;
  /** A start has read the store since, and found it whole. */
  readonly passed: boolean;
  /** It was found whole before, not long ago. */
  readonly again: boolean;
}

const fileOf = (stateDir: string) => `${databaseFile(stateDir)}.suspect`;

/** @param now Epoch seconds. */
export function suspect(stateDir: string, why: string, now: number): void {
  const before = suspicion(stateDir);
  const again = before?.passed === true && Math.abs(now - before.at) < backupLimits.suspectSeconds;
  keep(stateDir, { why, at: now, passed: false, again });
}

/** @returns what has to be looked into; null: nothing. */
export function suspicion(stateDir: string): Suspicion | null {
  try {
    return JSON.parse(readFileSync(fileOf(stateDir), 'utf8')) as Suspicion;
  } catch {
    return null; // not there; or unreadable, which tells nothing
  }
}

/** The store was read and is whole. */
export function acquit(stateDir: string, suspected: Suspicion): void {
  keep(stateDir, { ...suspected, passed: true });
}

/** Another store is in its place. */
export function forgetSuspicion(stateDir: string): void {
  rmSync(fileOf(stateDir), { force: true });
}

function keep(stateDir: string, what: Suspicion): void {
  const path = fileOf(stateDir);
  writeFileSync(`${path}.new`, JSON.stringify(what), { mode: 0o600 });
  syncPath(`${path}.new`);
  renameSync(`${path}.new`, path);
  syncPath(stateDir);
}
