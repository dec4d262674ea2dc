/**
 * The backups that this box made, by their checksums, in state.dir: `HASH  NAME` a line, `  proven` and `  former` behind it, in
 * the order of making, which no clock tells. Sticks come from other boxes, and can be written by anybody: only what stands here takes a damaged store's
 * place without a person's word.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { atomicWrite } from '../../storage/atomic-write.ts';

/** Lines kept: a year's, on several sticks. */
const KEPT = 400;

/** Folder of what can be gone back to, on the box itself. */
export function backupDir(stateDir: string): string {
  return join(stateDir, 'backup');
}

const fileOf = (stateDir: string) => join(backupDir(stateDir), 'made.sha256');

export interface Known {
  /** SHA-256, hex. */
  readonly sum: string;
  /** The store of its moment was read from end to end, and whole: a copy can be exact and yet one of a damaged store. */
  readonly proven: boolean;
  /** Of a store that was lost: a new, empty one took its place, because none of its backups was at hand. */
  readonly former: boolean;
}

/** By name, in the order of making: the newest is the last. */
export async function knownBackups(stateDir: string): Promise<Map<string, Known>> {
  const text = await readFile(fileOf(stateDir), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const lines = text.matchAll(/^([0-9a-f]{64}) {2}(\S+)( {2}proven)?( {2}former)?$/gm);
  return new Map(
    [...lines].map(([, sum = '', name = '', proven, former]) => [name, { sum, proven: !!proven, former: !!former }]),
  );
}

export async function rememberBackup(stateDir: string, name: string, backup: Omit<Known, 'former'>): Promise<void> {
  const before = [...(await knownBackups(stateDir))].filter(([other]) => other !== name); // a clock set back gives a name twice
  await write(stateDir, [...before, [name, { ...backup, former: false }]]);
}

/** A new, empty store is about to take the place. @param refused Names of those that were at hand, and no good. */
export async function markFormer(stateDir: string, refused: readonly string[]): Promise<void> {
  const known = [...(await knownBackups(stateDir))];
  const marked = known.map(([name, backup]) => [name, { ...backup, former: !refused.includes(name) }] as const);
  if (known.length > 0) await write(stateDir, marked);
}

/** One of the lost store's is in place: none is of another store than it any more. */
export async function forgetFormer(stateDir: string, restored: string): Promise<void> {
  const known = [...(await knownBackups(stateDir))];
  if (!known.some(([name, { former }]) => former && name === restored)) return;
  await write(
    stateDir,
    known.map(([name, backup]) => [name, { ...backup, former: false }]),
  );
}

async function write(stateDir: string, backups: readonly (readonly [name: string, backup: Known])[]): Promise<void> {
  const lines = backups.slice(-KEPT).map(([name, { sum, proven, former }]) => {
    return `${sum}  ${name}${proven ? '  proven' : ''}${former ? '  former' : ''}\n`;
  });
  await mkdir(backupDir(stateDir), { recursive: true, mode: 0o700 });
  await atomicWrite(fileOf(stateDir), lines.join(''), 0o600);
}
