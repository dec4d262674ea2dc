/**
 * Folders of the medium, open while work goes on inside them. Every name is opened inside the folder that was opened before
 * it, never following a link: Node has no openat, but `/proc/self/fd/N/name` is one. So a folder that somebody exchanges
 * for a link in mid-walk leads nowhere.
 *
 * A hard link has no other end to look at: on a box that records to its own disk, somebody who may write there could give
 * the password file a second name ending in `.wav`. Backups by hard links are common, though. So a file with several names is
 * a recording only if it begins as one ({@link isRecording}), and what we write ourselves is always a new file
 * ({@link openFresh}).
 *
 * Synchronous calls only: they run in the workers, which may hang alone.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  type Stats,
  unlinkSync,
} from 'node:fs';
import { codeOf } from './medium.ts';
import { isRiff } from './wav.ts';

const FOLDER = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** What is ours on the medium and no recording: hidden, so that the watcher leaves it alone. */
export const OWN_FOLDER = '.cdrd';
/** Of folders that Asterisk records into: its group must be able to work in them, and nobody else has business there. */
const SHARED_MODE = 0o2770;

/** A folder that is open while work goes on inside it. */
export interface Folder {
  readonly fd: number;
}

/** The way to a name in it. */
export function inside({ fd }: Folder, name: string): string {
  return `/proc/self/fd/${fd}/${name}`;
}

/** @throws what the system throws: ELOOP, ENOTDIR where a link has taken its place. */
export function withFolder<T>(path: string | Buffer, work: (folder: Folder) => T): T {
  const fd = openSync(path, FOLDER);
  try {
    return work({ fd });
  } finally {
    closeSync(fd);
  }
}

/** A path's folder ('' = the root) and name. */
export function parts(path: string): readonly [folder: string, name: string] {
  const slash = path.indexOf('/');
  return slash < 0 ? ['', path] : [path.slice(0, slash), path.slice(slash + 1)];
}

/** The same for a folder in another one; '' = that one itself. */
export function within<T>(top: Folder, folder: string, work: (folder: Folder) => T): T {
  return folder === '' ? work(top) : withFolder(inside(top, folder), work);
}

export interface OpenFolder {
  /** @throws what the system throws. */
  of(folder: string): Folder;
  close(): void;
}

/**
 * The recordings folder, opened with the first that is asked for. The folder that the last file lay in stays open: a day's
 * recordings are asked for one after another.
 * @param path Its own links resolved.
 */
export function createPlace(path: string): OpenFolder {
  let root: Folder | undefined;
  let name = '';
  let open: Folder | undefined;
  const close = (folder: Folder | undefined) => {
    if (folder) closeSync(folder.fd);
  };
  return {
    of(folder) {
      root ??= { fd: openSync(path, FOLDER) };
      if (folder === '') return root;
      if (open && name === folder) return open;
      close(open);
      open = undefined;
      open = { fd: openSync(inside(root, folder), FOLDER) };
      name = folder;
      return open;
    },
    close() {
      close(open);
      close(root);
      open = undefined;
      root = undefined;
    },
  };
}

/** Whether a failed call says that there is no such file, and nothing worse. */
export function isAbsent(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'].includes(codeOf(error));
}

/** null: there is no such file. @throws what the system throws otherwise. */
export function lookFor(path: string): Stats | null {
  try {
    return lstatSync(path);
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

/** Bytes by which a WAV is known. */
const RIFF_BYTES = 12;

/** Whether an open file may be served and changed as a recording. @param stat Its own. */
export function isRecording(fd: number, stat: Stats): boolean {
  if (!stat.isFile()) return false;
  if (stat.nlink <= 1) return true;
  const head = new Uint8Array(RIFF_BYTES);
  return readSync(fd, head, 0, RIFF_BYTES, 0) === RIFF_BYTES && isRiff(head);
}

/**
 * Opens a file of ours for writing, a new one always: whatever has the name is removed, so that nothing is written into a
 * link that somebody laid there, nor waited for at a pipe. @throws what the system throws.
 */
export function openFresh(path: string, mode: number): number {
  try {
    unlinkSync(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  return openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
}

/** One that is there already will do. @returns whether it wasn't. */
export function makeFolder(path: string): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    return false;
  }
}

/** The same for one that Asterisk records into. */
export function makeSharedFolder(path: string): void {
  if (makeFolder(path)) share(path);
}

/** Opens a folder that we have just made to Asterisk's group: mkdir alone can't, the umask is in its way. */
export function share(path: string): void {
  try {
    withFolder(path, ({ fd }) => fchmodSync(fd, SHARED_MODE)); // a link in its place isn't followed
  } catch {
    // vfat and shares: there the mount says who may do what
  }
}

/** Whatever the row in the store says must also hold after a power cut; not every filesystem can sync a folder. */
export function sync({ fd }: Folder): void {
  try {
    fsyncSync(fd);
  } catch (error) {
    if (!['EINVAL', 'ENOTSUP', 'EBADF', 'EROFS'].includes(codeOf(error))) throw error;
  }
}
