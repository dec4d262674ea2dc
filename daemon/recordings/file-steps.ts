/**
 * File work on the medium: into the trash and out of it, and what removes for good. Synchronous calls only: it runs in the
 * worker, which may hang alone.
 */
import { lstatSync, readdirSync, renameSync, rmdirSync, unlinkSync } from 'node:fs';
import { pathFault } from '../../storage/model/recording-path.ts';
import type { Moved, TrashFolder } from './file-protocol.ts';
import { BATCH_FILES, TRASH_FOLDERS_MAX } from './limits.ts';
import { codeOf } from './medium.ts';
import {
  type Folder,
  inside,
  isAbsent,
  lookFor,
  makeFolder,
  makeSharedFolder,
  parts,
  sync,
  withFolder,
  within,
} from './open-folder.ts';

/** Hidden, so that the watcher leaves it alone. */
const TRASH = '.trash';

/** @returns '' when a deletion's folder is there, else the system's code. */
export function trashFolder(real: string, folder: string, make: boolean): string {
  try {
    withFolder(real, (root) => {
      if (make) makeFolder(inside(root, TRASH));
      withFolder(inside(root, TRASH), (trash) => {
        if (make) makeFolder(inside(trash, folder));
        withFolder(inside(trash, folder), () => {});
        if (make) sync(trash);
      });
      if (make) sync(root);
    });
    return '';
  } catch (error) {
    return codeOf(error);
  }
}

/** Moves each file from one place to the other; what already is there has been moved before. */
function moveAll(
  from: Folder,
  to: Folder,
  paths: readonly string[],
  make: (folder: string) => unknown,
  move: (source: string, target: string) => Moved,
): Moved[] {
  const targets = new Set<string>();
  const results = paths.map((path): Moved => {
    if (pathFault(path)) return 'missing';
    const [folder, name] = parts(path);
    try {
      if (folder !== '' && !targets.has(folder)) {
        make(inside(to, folder));
        sync(to); // before anything is moved into what a power cut may take away
      }
      targets.add(folder);
      return within(to, folder, (target) => {
        const there = inside(target, name);
        try {
          return within(from, folder, (source) => move(inside(source, name), there));
        } catch (error) {
          if (!isAbsent(error)) throw error;
          const stat = lookFor(there);
          return stat?.isFile() ? stat.size : 'missing';
        }
      });
    } catch (error) {
      return isAbsent(error) ? 'missing' : { code: codeOf(error) };
    }
  });
  // The new names first: a power cut between the two may leave a file in both places, but not in neither.
  syncAll(to, targets);
  syncAll(from, targets);
  return results;
}

/** Makes the entries of folders durable; one that isn't there has none. */
function syncAll(top: Folder, folders: Iterable<string>): void {
  for (const folder of folders) {
    try {
      within(top, folder, sync);
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  }
}

function inTrash<T>(real: string, folder: string, work: (root: Folder, own: Folder) => T): T {
  return withFolder(real, (root) =>
    withFolder(inside(root, TRASH), (trash) => withFolder(inside(trash, folder), (own) => work(root, own))),
  );
}

export function moveToTrash(real: string, folder: string, paths: readonly string[]): Moved[] {
  return inTrash(real, folder, (root, own) =>
    moveAll(root, own, paths, makeFolder, (source, target) => {
      const before = lookFor(target);
      if (before) return before.size; // a file of that name that has come since is another one
      const stat = lstatSync(source);
      if (!stat.isFile()) return 'missing';
      renameSync(source, target);
      return stat.size;
    }),
  );
}

/** A file whose place is taken comes back under a name beside it: nothing is written over. */
export function moveBack(real: string, folder: string, paths: readonly string[]): Moved[] {
  return inTrash(real, folder, (root, own) =>
    moveAll(own, root, paths, makeSharedFolder, (source, target) => {
      const { size } = lstatSync(source);
      renameSync(source, lookFor(target) ? target.replace(/\.wav$/i, `-restored-${folder}.wav`) : target);
      return size;
    }),
  );
}

/** Removes files for good: what was told to be gone must not come back with the power. */
export function removeFiles(real: string, paths: readonly string[]): Moved[] {
  return withFolder(real, (root) => {
    const results = paths.map((path): Moved => {
      if (pathFault(path)) return 'missing';
      const [folder, name] = parts(path);
      try {
        return within(root, folder, (day): Moved => {
          const stat = lstatSync(inside(day, name));
          if (!stat.isFile()) return 'missing';
          unlinkSync(inside(day, name));
          return stat.size;
        });
      } catch (error) {
        return isAbsent(error) ? 'missing' : { code: codeOf(error) };
      }
    });
    syncAll(root, new Set(paths.filter((path) => !pathFault(path)).map((path) => parts(path)[0])));
    return results;
  });
}

/** @returns whether there is more of it. */
export function eraseSome(real: string, folder: string): { readonly more: boolean } {
  try {
    return withFolder(real, (root) =>
      withFolder(inside(root, TRASH), (trash) => {
        const left = withFolder(inside(trash, folder), (own) => empty(own, BATCH_FILES));
        if (left > 0) rmdirSync(inside(trash, folder));
        return { more: left === 0 };
      }),
    );
  } catch (error) {
    if (isAbsent(error)) return { more: false };
    throw error;
  }
}

/** Empties a folder, with at most so many removals. @returns how many were left over; 0: there may be more. */
function empty(folder: Folder, removals: number): number {
  let left = removals;
  for (const entry of readdirSync(inside(folder, '.'), { withFileTypes: true, encoding: 'buffer' })) {
    if (left === 0) return 0;
    const path = Buffer.concat([Buffer.from(inside(folder, '')), entry.name]);
    if (entry.isDirectory()) {
      left = withFolder(path, (inner) => empty(inner, left));
      if (left === 0) return 0;
      rmdirSync(path);
    } else unlinkSync(path);
    left -= 1;
  }
  return left;
}

export function listTrash(real: string): TrashFolder[] {
  try {
    return withFolder(real, (root) =>
      withFolder(inside(root, TRASH), (trash) =>
        readdirSync(inside(trash, '.'))
          .slice(0, TRASH_FOLDERS_MAX)
          .flatMap((name) => {
            const stat = lookFor(inside(trash, name));
            return stat?.isDirectory() ? [{ name, mtimeMs: Math.trunc(stat.mtimeMs) }] : [];
          }),
      ),
    );
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
}
