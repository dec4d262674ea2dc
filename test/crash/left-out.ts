/**
 * A daemon that forgets an fsync, of which the matrix must complain: its trace is that of the real one without it. What
 * SQLite leaves out with synchronous=NORMAL is the first of them.
 */
import type { Happening } from './trace.ts';

/** Which files and folders are never synced. */
export const LEFT_OUT: readonly { readonly what: string; readonly paths: RegExp }[] = [
  { what: 'the WAL', paths: /^state\/cdrd\.db-wal$/ },
  { what: 'the folder that the state folder lies in', paths: /^$/ },
  { what: 'the state folder', paths: /^state$/ },
  { what: 'the folder of secrets', paths: /^state\/secret$/ },
  { what: 'a secret, before it takes its name', paths: /^state\/secret\/.*\.new$/ },
  { what: 'a new store, before it takes its name', paths: /^state\/cdrd\.db\.new$/ },
  { what: "the trash's folders", paths: /^recordings\/\.trash/ },
  { what: 'the folders of recordings', paths: /^recordings(\/\d{8})?$/ },
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
