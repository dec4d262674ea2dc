/**
 * Whether the medium takes recordings: a small file is written, synced and removed, because neither the mount table nor
 * statfs tells of a quota, a full folder, or a stick that has died (writing to it succeeds until fsync says EIO). In the
 * worker, with its deadline.
 */
import { closeSync, fsyncSync, statfsSync, unlinkSync, writeSync } from 'node:fs';
import { PROBE_BYTES } from './limits.ts';
import { codeOf } from './medium.ts';
import type { Mount } from './mountinfo.ts';
import { inside, makeFolder, OWN_FOLDER, openFresh, withFolder } from './open-folder.ts';
import type { Space, Writing } from './protocol.ts';

/** @throws what the system throws. */
export function spaceOf(real: string): Space {
  const { bavail, blocks, bsize } = statfsSync(real);
  return { free: bavail * bsize, total: blocks * bsize };
}

const FULL = new Set(['ENOSPC', 'EDQUOT']);
/** Our own trouble, not the medium's: Asterisk, whose folder it is, may write there all the same. */
const UNTRIED = new Set(['EACCES', 'EPERM', 'ELOOP', 'ENOTDIR', 'EISDIR']);

/** @param write Writes on the medium. @throws what the system throws, where it means that the medium fails. */
export function tryWriting(mount: Mount | undefined, space: Space, write: () => void): Writing {
  if (mount?.readOnly) return { writable: false, why: 'read-only' };
  try {
    write();
    return { writable: true, why: '' };
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EROFS') return { writable: false, why: 'read-only' };
    if (FULL.has(code)) return { writable: false, why: 'full' };
    if (!UNTRIED.has(code)) throw error;
    if (space.free === 0) return { writable: false, why: 'full' };
    return { writable: true, why: `could not be tried: ${code}` };
  }
}

/** @param real The recordings folder. @throws what the system throws. */
export function writeProbe(real: string): void {
  withFolder(real, (root) => {
    makeFolder(inside(root, OWN_FOLDER));
    withFolder(inside(root, OWN_FOLDER), (own) => {
      const path = inside(own, 'probe');
      const fd = openFresh(path, 0o644);
      try {
        const bytes = Buffer.alloc(PROBE_BYTES, 1);
        for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
        fsyncSync(fd);
      } finally {
        closeSync(fd);
        unlinkSync(path);
      }
    });
  });
}
