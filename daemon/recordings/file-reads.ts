/**
 * Looks at files of the medium and reads them, for those who download or play. Synchronous calls only: it runs in the
 * worker, which may hang alone.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type Stats } from 'node:fs';
import type { Ahead } from '../../cgi/reply.ts';
import { pathFault } from '../../storage/model/recording-path.ts';
import type { Looked, SeenFile, Stretch } from './file-protocol.ts';
import { READ_BYTES } from './limits.ts';
import { type Folder, inside, isAbsent, isRecording, lookFor, type OpenFolder, parts } from './open-folder.ts';

const FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** @throws what the system throws, but for absence. */
export function lookAt(place: OpenFolder, paths: readonly string[]): Looked[] {
  return paths.map((path) => lookAtOne(place, path));
}

function lookAtOne(place: OpenFolder, path: string): Looked {
  if (pathFault(path)) return 'outside';
  const [folder, name] = parts(path);
  try {
    const stat = lstatSync(inside(place.of(folder), name));
    if (stat.isSymbolicLink()) return 'outside';
    // One of several names: looked at only where that could matter, for it costs an open on a slow medium.
    if (stat.isFile() && stat.nlink > 1 && !opened(place.of(folder), name, isRecording)) return 'outside';
    return stat.isFile() ? { size: stat.size, mtimeMs: Math.trunc(stat.mtimeMs) } : 'missing';
  } catch (error) {
    if (!isAbsent(error)) throw error;
    return folder !== '' && lookFor(inside(place.of(''), folder))?.isSymbolicLink() ? 'outside' : 'missing';
  }
}

/**
 * Looks at a file and reads what will be wanted of it.
 * @param of The medium's name for itself. @see SeenFile
 * @returns what {@link lookAt} gives, and how many bytes were read: 0 where reading must say what is wrong.
 * @throws what the system throws at the look, but for absence.
 */
export function openOne(place: OpenFolder, path: string, { from, length }: Ahead, of: string, room: Uint8Array) {
  const looked = lookAtOne(place, path);
  if (typeof looked === 'string' || from >= looked.size) return { looked, filled: 0 };
  const file = { path, ...looked, place: of };
  const wanted = Math.min(length, looked.size - from, room.length);
  return { looked, filled: readAhead(place, { file, from, at: 0, length: wanted }, room) };
}

function readAhead(place: OpenFolder, stretch: Stretch, room: Uint8Array): number {
  try {
    return readStretch(place, stretch, room, () => false) ?? 0;
  } catch {
    return 0; // it is tried again, and told then
  }
}

function opened<T>(folder: Folder, name: string, work: (fd: number, stat: Stats) => T): T {
  const fd = openSync(inside(folder, name), FILE);
  try {
    return work(fd, fstatSync(fd));
  } finally {
    closeSync(fd);
  }
}

/**
 * Reads stretches of files into a room, one after another. A file that has only grown since it was looked at still is the
 * same: Asterisk appends, and its beginning is what was promised.
 * @param enough Asked after every {@link READ_BYTES}: a step on a slow medium ends in time, with what it has by then.
 * @returns how many bytes were read, at least one unless none were wanted; the first file that is no longer the one that
 * was looked at ends it, and null says that nothing could be read before.
 * @throws what the system throws, but for absence, unless something was read before.
 */
export function readStretches(
  place: OpenFolder,
  stretches: readonly Stretch[],
  room: Uint8Array,
  enough: () => boolean,
): number | null {
  let filled = 0;
  try {
    for (const stretch of stretches) {
      if (stretch.length === 0) continue;
      const got = readStretch(place, stretch, room, enough);
      filled += got ?? 0;
      if (got === null) return filled || null;
      if (got < stretch.length || enough()) return filled;
    }
    return filled;
  } catch (error) {
    if (filled === 0) throw error;
    return filled; // what fails is tried again, as the first, and told then
  }
}

/** @returns how many bytes were read, fewer than wanted when it was enough; null: it is no longer that file. */
function readStretch(
  place: OpenFolder,
  { file, from, at, length }: Stretch,
  room: Uint8Array,
  enough: () => boolean,
): number | null {
  return whileSame(place, file, (fd) => {
    let done = 0;
    while (done < length) {
      const got = readSync(fd, room, at + done, Math.min(length - done, READ_BYTES), from + done);
      if (got === 0) return done || null; // it shrinks: what is asked for next says so
      done += got;
      if (enough()) break;
    }
    return done;
  });
}

/**
 * Opens a file that was looked at. One that has only grown since still is the same.
 * @returns what `work` gives; null: it is no longer that file. @throws what the system throws, but for absence.
 */
export function whileSame<T>(place: OpenFolder, file: SeenFile, work: (fd: number) => T): T | null {
  if (pathFault(file.path)) return null;
  const [folder, name] = parts(file.path);
  let fd: number;
  try {
    fd = openSync(inside(place.of(folder), name), FILE);
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
  try {
    const stat = fstatSync(fd);
    const same = stat.size > file.size || (stat.size === file.size && Math.trunc(stat.mtimeMs) === file.mtimeMs);
    return same && isRecording(fd, stat) ? work(fd) : null;
  } finally {
    closeSync(fd);
  }
}
