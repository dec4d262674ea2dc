/** What tells this box's backups from those of others on one share; in state.dir, made at random once. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { atomicWrite } from '../../storage/atomic-write.ts';
import { isBoxId } from '../../storage/model/backup-name.ts';
import { backupDir } from './known.ts';

/** @throws what the system throws when it is neither there nor can be made. */
export async function boxId(stateDir: string): Promise<string> {
  const file = join(backupDir(stateDir), 'box');
  const kept = (await readFile(file, 'utf8').catch(() => '')).trim();
  if (isBoxId(kept)) return kept;
  const made = randomBytes(3).toString('hex');
  await mkdir(backupDir(stateDir), { recursive: true, mode: 0o700 });
  await atomicWrite(file, `${made}\n`, 0o600);
  return made;
}
