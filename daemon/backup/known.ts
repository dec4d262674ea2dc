/**
 * The backups that this box made, by their checksums, in state.dir: `HASH  NAME` a line, `  proven` behind it, in the order of
 * making, which no clock tells. Sticks come from other boxes, and can be written by anybody: only what stands here takes a damaged store's
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
}

/** By name, in the order of making: the newest is the last. */
export async function knownBackups(stateDir: string): Promise<Map<string, Known>> {
  const text = await readFile(fileOf(stateDir), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const lines = text.matchAll(/^([0-9a-f]{64}) {2}(\S+)( {2}proven)?$/gm);
  return new Map([...lines].map(([, sum = '', name = '', proven]) => [name, { sum, proven: proven !== undefined }]));
}

export async function rememberBackup(stateDir: string, name: string, backup: Known): Promise<void> {
  const before = [...(await knownBackups(stateDir))].filter(([other]) => other !== name); // a clock set back gives a name twice
  const known = [...before, [name, backup] as const].slice(-KEPT);
  const lines = known.map(([of, { sum, proven }]) => `${sum}  ${of}${proven ? '  proven' : ''}\n`);
  await mkdir(backupDir(stateDir), { recursive: true, mode: 0o700 });
  await atomicWrite(fileOf(stateDir), lines.join(''), 0o600);
}
