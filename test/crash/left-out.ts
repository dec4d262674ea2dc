/**
 * A daemon that forgets an fsync, of which the matrix must complain: its trace is that of the real one without it. What
 * SQLite leaves out with synchronous=NORMAL is the first of them.
 */
import type { Happening } from './trace.ts';

/** Files and folders that are never synced. */
export interface LeftOut {
  readonly what: string;
  readonly paths: RegExp;
}

const WAL: LeftOut = { what: 'the WAL', paths: /^state\/cdrd\.db-wal$/ };
const STATE: LeftOut = { what: 'the state folder', paths: /^state$/ };

export const OF_THE_FIRST_DAY: readonly LeftOut[] = [
  WAL,
  STATE,
  { what: 'the folder that the state folder lies in', paths: /^$/ },
  { what: 'the folder of secrets', paths: /^state\/secret$/ },
  { what: 'a secret, before it takes its name', paths: /^state\/secret\/.*\.new$/ },
  { what: 'a new store, before it takes its name', paths: /^state\/cdrd\.db\.new$/ },
  { what: "the trash's folders", paths: /^recordings\/\.trash/ },
  { what: 'the folders of recordings', paths: /^recordings(\/\d{8})?$/ },
];
/** A store that was there: the folder is synced for the WAL's name alone. */
export const OF_THE_SECOND_DAY: readonly LeftOut[] = [
  WAL,
  STATE,
  { what: 'the pages of a checkpoint', paths: /^state\/cdrd\.db$/ },
  { what: 'a backup and its checksum', paths: /^recordings\/\.cdrd\/backup\/./ },
  { what: "the backups' folder", paths: /^recordings\/\.cdrd\/backup$/ },
];
export const OF_THE_UPDATE: readonly LeftOut[] = [
  STATE,
  { what: 'the copy of what was', paths: /^state\/backup\/./ },
  { what: 'the folder of copies', paths: /^state\/backup$/ },
];
export const OF_THE_RESTORE: readonly LeftOut[] = [
  STATE,
  { what: 'what takes the place', paths: /^state\/cdrd\.db\.staged$/ },
];

export function withoutSyncs(happenings: readonly Happening[], left: RegExp): Happening[] {
  const gone = new Set<number>();
  return happenings.filter((happening) => {
    if (happening.kind === 'synced') return !gone.has(happening.number);
    if (happening.kind !== 'sync' || !left.test(happening.path)) return true;
    gone.add(happening.number);
    return false;
  });
}
