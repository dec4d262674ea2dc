/**
 * Hints from the kernel (inotify) that something happened in today's folder, so that a finished recording is seen in under
 * a second instead of at the next sweep. Never more than a hint: an unmount looks like removals, a share says nothing.
 *
 * Decision: node's own fs.watch on two folders (the root, where a new day appears, and today's), not chokidar.
 * Measured (test/recordings/hint.bench.ts; x86_64, Node 20.20): 2,740 recordings in today's folder and ten calls being
 * recorded, 40 writes a second: chokidar 5 at depth 0 takes 106 % of a core (300 recordings: 21 %), fs.watch 2 % at most. Each
 * write into a file is an event of its folder too, and chokidar then lists and stats the whole folder again, through the
 * thread pool that the process shares and that a hung share would fill; it also holds an inotify watch for every file, of
 * the 8,192 that a small box has. fs.watch needs two watches, names the file, and makes no call on the medium afterwards.
 * What would change our mind: a chokidar that can watch one folder without reading it on every write.
 */
import { type FSWatcher, lstatSync, watch } from 'node:fs';
import { HINTED_MAX, QUIET_MS } from './limits.ts';

export interface Hints {
  /**
   * Watches `root` and `root/today` (when it exists), anew when either is another folder than before. Call it only after
   * both were listed without fault.
   */
  ensure(root: string, identity: string, today: string): void;
  /** True while today's folder is watched. */
  watching(): boolean;
  /** Stops watching; `ensure` starts again. */
  close(): void;
}

/** `names` are as readdir gives them in latin1: one character a byte. */
export interface HintTarget {
  /** These files of today's folder changed and have been quiet since; '' stands for "more than could be remembered". */
  files(folder: string, names: readonly string[]): void;
  /** A folder appeared, went or was unmounted. */
  folder(): void;
  failed(why: string): void;
}

export function createHints(target: HintTarget): Hints {
  let root: FSWatcher | undefined;
  let day: FSWatcher | undefined;
  let rootKey = '';
  let dayKey = '';
  let folder = '';
  /** Name → monotonic time of its last change. */
  const changed = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let refused = '';

  const ripen = () => {
    timer = undefined;
    const now = performance.now();
    const ripe: string[] = [];
    for (const [name, at] of changed) {
      if (now - at < QUIET_MS) continue;
      ripe.push(name);
      changed.delete(name);
    }
    if (changed.size > 0) timer = setTimeout(ripen, QUIET_MS);
    if (ripe.length > 0) target.files(folder, ripe);
  };

  const open = (path: string, heard: (name: string, event: string) => void): FSWatcher | undefined => {
    try {
      const watcher = watch(path, { encoding: 'latin1' }, (event, name) => heard(name ?? '', event));
      watcher.on('error', (error) => {
        watcher.close();
        fail(error);
      });
      refused = '';
      return watcher;
    } catch (error) {
      fail(error);
      return undefined;
    }
  };
  // Said once, not at every sweep that tries again: the sweep does the work meanwhile.
  const fail = (error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    if (why !== refused) target.failed(why);
    refused = why;
  };

  const closeDay = () => {
    day?.close();
    day = undefined;
    dayKey = '';
  };
  const close = () => {
    root?.close();
    root = undefined;
    rootKey = '';
    closeDay();
    clearTimeout(timer);
    timer = undefined;
    changed.clear();
  };

  const heardDay = (name: string) => {
    if (!/\.wav$/i.test(name)) {
      // The folder itself: removed, moved or unmounted. The watch is blind from now on.
      if (name === folder || name === '') {
        closeDay();
        target.folder();
      }
      return;
    }
    if (changed.size >= HINTED_MAX && !changed.has(name)) return target.folder();
    changed.set(name, performance.now());
    timer ??= setTimeout(ripen, QUIET_MS);
  };

  return {
    ensure(path, identity, today) {
      if (rootKey !== identity) {
        close();
        const base = path.slice(path.lastIndexOf('/') + 1);
        root = open(path, (name, event) => {
          if (event !== 'rename') return; // a file lying in the root that grows
          if (name === base || name === '') close(); // removed or unmounted: blind from now on
          if (!name.startsWith('.')) target.folder();
        });
        if (root) rootKey = identity;
      }
      const key = folderKey(`${path}/${today}`, `${identity} ${today}`);
      if (key === dayKey) return;
      closeDay();
      changed.clear();
      folder = today;
      if (key) day = open(`${path}/${today}`, heardDay);
      if (day) dayKey = key;
    },
    watching: () => day !== undefined,
    close,
  };
}

/** Tells one folder from another of the same name; '' = not there, or not a folder. */
function folderKey(path: string, prefix: string): string {
  try {
    const stat = lstatSync(path);
    return stat.isDirectory() ? `${prefix} ${stat.ino} ${stat.dev}` : '';
  } catch {
    return '';
  }
}
