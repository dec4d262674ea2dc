/**
 * Which folders of the medium are to be looked at: each once by the full look, some again because something in them is
 * unfinished, a few by every sweep. Bounded by the medium's own first level.
 */
import { newestFirst } from './known.ts';
import { RECENT_FOLDERS_MAX, SWEEP_FOLDERS_MAX } from './limits.ts';

export interface FolderQueue {
  /** A full look begins. @param listed What the medium has. @param known What the index knows. @param today `YYYYMMDD` */
  begin(listed: readonly string[], known: readonly string[], today: string): void;
  /** Folders that appeared are looked at for their files, folders that went for what the index still holds of them. */
  compare(listed: readonly string[]): void;
  /** From now on every sweep looks at it, until {@link RECENT_FOLDERS_MAX} others have come. */
  lookOften(folder: string): void;
  /** The sweep itself looks at these days: the full look needn't. @returns what else this sweep looks at. */
  sweep(days: readonly string[]): readonly string[];
  /** The sweep has come to it: others have their turn before it comes again. */
  toEnd(folder: string): void;
  /** The next one of the full look; undefined: it is done. */
  next(): string | undefined;
  /** It is looked at again: something is unfinished, missed, or was refused. */
  again(folder: string): void;
  settled(folder: string): void;
  /** Folders that the full look has still to see. */
  left(): number;
  /** The medium is another one, or none. */
  clear(): void;
}

export function createFolderQueue(): FolderQueue {
  let folders: ReadonlySet<string> = new Set();
  /** Newest first. */
  let toLook: string[] = [];
  const pending = new Set<string>();
  /** Oldest first. */
  let recent: string[] = [];

  const lookOften = (folder: string): void => {
    recent = [...recent.filter((other) => other !== folder), folder].slice(-RECENT_FOLDERS_MAX);
    toLook.push(folder);
  };

  return {
    begin(listed, known, today) {
      folders = new Set(listed);
      toLook = newestFirst(new Set([...folders, ...known]));
      const ahead = toLook.filter((folder) => /^\d{8}$/.test(folder) && folder > today);
      recent = ahead.slice(0, RECENT_FOLDERS_MAX);
    },
    compare(listed) {
      const next = new Set(listed);
      for (const folder of next) if (!folders.has(folder)) lookOften(folder);
      for (const folder of folders) if (!next.has(folder)) pending.add(folder);
      folders = next;
    },
    lookOften,
    sweep(days) {
      toLook = toLook.filter((folder) => !days.includes(folder));
      const others = new Set([...recent, ...[...pending].slice(0, SWEEP_FOLDERS_MAX)]);
      return [...others].filter((folder) => !days.includes(folder));
    },
    toEnd(folder) {
      if (pending.delete(folder)) pending.add(folder);
    },
    next: () => toLook.shift(),
    again: (folder) => void pending.add(folder),
    settled: (folder) => void pending.delete(folder),
    left: () => toLook.length,
    clear() {
      toLook = [];
      pending.clear();
      recent = [];
    },
  };
}
