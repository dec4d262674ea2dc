/**
 * The backups that this box made, by their checksums, in state.dir: `HASH  NAME` a line, in the order of making, which no
 * clock tells. Sticks come from other boxes, and can be written by anybody: only what stands here takes a damaged store's
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

/** Checksum by name, in the order of making: the newest is the last. */
export async function knownSums(stateDir: string): Promise<Map<string, string>> {
  const text = await readFile(fileOf(stateDir), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return new Map([...text.matchAll(/^([0-9a-f]{64}) {2}(.+)$/gm)].map(([, sum = '', name = '']) => [name, sum]));
}

export async function rememberSum(stateDir: string, name: string, sum: string): Promise<void> {
  const before = [...(await knownSums(stateDir))].filter(([other]) => other !== name); // a clock set back gives a name twice
  const known = [...before, [name, sum] as const].slice(-KEPT);
  await mkdir(backupDir(stateDir), { recursive: true, mode: 0o700 });
  await atomicWrite(fileOf(stateDir), known.map(([of, hash]) => `${hash}  ${of}\n`).join(''), 0o600);
}
