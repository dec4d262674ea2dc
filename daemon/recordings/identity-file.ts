/**
 * The medium's own identity: a random mark in `.cdrd/medium` in the recordings folder. Sticks are exchanged, mount points
 * and device numbers used again; only what lies on the medium itself tells one from another. A stick that was copied as a
 * whole has the mark of its original and counts as the same medium: what only the original has is then missing from it.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, constants, fsyncSync, openSync, readSync, renameSync, writeSync } from 'node:fs';
import { codeOf } from './medium.ts';
import type { Mount } from './mountinfo.ts';
import { inside, isAbsent, makeFolder, OWN_FOLDER, openFresh, sync, withFolder } from './open-folder.ts';

const NAME = 'medium';
const MARK = /^[0-9a-f]{32}$/;
const TEXT_MAX = 64;

/** @param real The recordings folder. @returns the mark; '' when it has none. @throws what the system throws, but for absence. */
export function readMark(real: string): string {
  try {
    return withFolder(real, (root) =>
      withFolder(inside(root, OWN_FOLDER), (own) => {
        const fd = openSync(inside(own, NAME), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
        try {
          const bytes = Buffer.alloc(TEXT_MAX);
          const text = bytes.toString('latin1', 0, readSync(fd, bytes)).trim();
          return MARK.test(text) ? text : '';
        } finally {
          closeSync(fd);
        }
      }),
    );
  } catch (error) {
    if (isAbsent(error) || codeOf(error) === 'EISDIR') return '';
    throw error;
  }
}

/** Gives the medium a mark: whole and durable, or not at all. @returns it. @throws what the system throws. */
export function writeMark(real: string): string {
  const mark = randomBytes(16).toString('hex');
  withFolder(real, (root) => {
    makeFolder(inside(root, OWN_FOLDER));
    withFolder(inside(root, OWN_FOLDER), (own) => {
      const fresh = inside(own, `${NAME}.new`);
      const fd = openFresh(fresh, 0o644);
      try {
        writeSync(fd, `${mark}\n`);
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      renameSync(fresh, inside(own, NAME));
      sync(own);
    });
    sync(root);
  });
  return mark;
}

const STAND_IN = 'unmarked ';

/** Whether this only stands for a mark: a medium is known by it until it takes one. */
export function isStandIn(mark: string): boolean {
  return mark.startsWith(STAND_IN);
}

/**
 * What stands for the mark of a medium that has none and takes none, being read-only or full: what it is and how large.
 * Two such sticks of one make are taken for one.
 * @param total Bytes.
 */
export function unmarked(mount: Mount | undefined, total: number): string {
  const { type = 'folder', source = '', device = '0:0' } = mount ?? {};
  // A share has its address; a stick's device changes with the order of plugging in.
  return `${STAND_IN}${type} ${device.startsWith('0:') ? source : total}`;
}
