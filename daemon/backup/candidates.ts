/** What may take the store's place: backups on the medium, and the copies that migrations have left. */
import { copyFile, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Backup } from '../../cgi/backup/port.ts';
import { backupTime, localBackup } from '../../storage/model/backup-name.ts';
import { backupDir } from './known.ts';
import { type AskMedium, agreed, through } from './pieces.ts';

export interface Candidate {
  /** For people. */
  readonly name: string;
  /** When it was made by the box's clock of then, epoch seconds. */
  readonly at: number;
  /** null: it is no database. */
  readonly schema: number | null;
  /** Puts it where it is examined, durably. @throws with why it can't be had. */
  stage(target: string): Promise<void>;
}

/**
 * Those on a medium that have their checksum, whose bytes must agree with it.
 * @param trusted Whether one may be taken, by its name and checksum.
 */
export async function onMedium(
  ask: AskMedium,
  trusted: (name: string, sum: string) => boolean,
): Promise<readonly Candidate[]> {
  const { backups } = agreed(await ask({ kind: 'backups' }));
  return backups
    .filter(({ name, sum }) => sum !== '' && trusted(name, sum))
    .map(({ name, sum, schema }) => ({
      name,
      schema,
      at: backupTime(name) ?? 0,
      async stage(target) {
        const fetched = await through((at) => ask({ kind: 'backupFetch', name, at, target }));
        if (fetched.sum !== sum) throw new Error('its bytes are not what its checksum says');
      },
    }));
}

export async function onBox(stateDir: string): Promise<readonly Candidate[]> {
  const folder = backupDir(stateDir);
  const backups = await boxBackups(stateDir);
  return backups.map(({ name, at, schema }) => ({
    name,
    at,
    schema,
    stage: (target) => copyDurably(join(folder, name), target),
  }));
}

/**
 * Newest first, whatever the clock said while they were made. A copy of the box was made by the migration from its schema:
 * after every backup of that schema or an older one, before every backup of a newer one.
 * @param medium Those on media. Which this box didn't make come last, by what they say of themselves.
 * @param box Those of the box, newest first. @param made Names of what this box made, in the order of making.
 */
export function newestFirst(
  medium: readonly Candidate[],
  box: readonly Candidate[],
  made: Iterable<string>,
): Candidate[] {
  const lines = new Map([...made].map((name, line) => [name, line]));
  const line = ({ name }: Candidate) => lines.get(name) ?? -1;
  const sorted = [...medium].sort((a, b) => line(b) - line(a) || b.at - a.at);
  for (const copy of [...box].reverse()) {
    const older = sorted.findIndex(({ schema }) => (schema ?? 0) <= (copy.schema ?? 0));
    sorted.splice(older === -1 ? sorted.length : older, 0, copy);
  }
  return sorted;
}

async function copyDurably(source: string, target: string): Promise<void> {
  await copyFile(source, target);
  const copy = await open(target, 'r+');
  try {
    await copy.sync();
  } finally {
    await copy.close();
  }
}

/** The copies that migrations have left, newest first. */
export async function boxBackups(stateDir: string): Promise<Backup[]> {
  const folder = backupDir(stateDir);
  const names = await readdir(folder).catch(() => []);
  const found = await Promise.all(names.map((name) => boxBackup(folder, name)));
  return found.filter((backup) => backup !== null).sort((a, b) => (b.schema ?? 0) - (a.schema ?? 0) || b.at - a.at);
}

async function boxBackup(folder: string, name: string): Promise<Backup | null> {
  const parts = localBackup(name);
  if (!parts) return null;
  const file = await open(join(folder, name)).catch(() => null);
  if (!file) return null;
  try {
    return { name, ...parts, bytes: (await file.stat()).size, place: 'box', checksum: 'none', proven: false };
  } finally {
    await file.close();
  }
}
