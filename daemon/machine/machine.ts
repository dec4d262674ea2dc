/**
 * What the machine tells of itself to who asks without root and without starting a program: times and load of the kernel,
 * who is logged in, room on disks, what folders take. Folders are walked one after another, and what was found holds a minute.
 */
import { readFile, statfs } from 'node:fs/promises';
import { arch, loadavg, uptime } from 'node:os';
import type { FolderSize, Machine } from '../../cgi/dialect/machine-port.ts';
import { type MachineLimits, machineLimits } from '../limits.ts';
import { folderSize, mountPoints } from './folder-size.ts';
import { countUsers, recordSize } from './utmp.ts';

/** Where the kernel and the system tell of themselves; tests have files of their own. */
export interface MachineFiles {
  readonly utmp: string;
  readonly tables: string;
  readonly mounts: string;
}

const SILENT: FolderSize = { bytes: null, unread: 1, isCut: false, why: 'its disk does not answer' };

const FILES: MachineFiles = { utmp: '/run/utmp', tables: '/proc/net/ip_tables_names', mounts: '/proc/self/mountinfo' };

/** @param mono Monotonic milliseconds. @param sizeOf Walks a folder. */
export function createMachine(
  files = FILES,
  limits: MachineLimits = machineLimits,
  mono = () => performance.now(),
  sizeOf = folderSize,
): Machine {
  const known = new Map<string, { readonly size: Promise<FolderSize>; until: number }>();
  let last: Promise<unknown> = Promise.resolve();
  /** A walk that came to nothing in time still waits for its disk: no other begins, each would keep a thread waiting. */
  let stuck = false;

  async function walk(path: string): Promise<FolderSize> {
    if (stuck) return SILENT;
    const mounts = mountPoints(await readFile(files.mounts, 'utf8').catch(() => ''));
    const walking = sizeOf(path, limits, mounts, mono);
    let late: NodeJS.Timeout | undefined;
    const silence = new Promise<null>((resolve) => {
      late = setTimeout(resolve, limits.ms + limits.silentMs, null).unref();
    });
    const found = await Promise.race([walking, silence]);
    clearTimeout(late);
    if (found) return found;
    stuck = true;
    void walking.finally(() => {
      stuck = false;
    });
    return SILENT;
  }

  return {
    uptime,
    load: () => loadavg() as [number, number, number],
    async users() {
      const file = await readFile(files.utmp).catch(() => null);
      return file && file.length <= limits.utmpBytes ? countUsers(file, recordSize(arch())) : null;
    },
    async room(path) {
      const { bsize, blocks, bfree, bavail } = await statfs(path);
      return { size: blocks * bsize, used: (blocks - bfree) * bsize, available: bavail * bsize };
    },
    folder(path) {
      const now = mono();
      for (const [each, { until }] of known) if (until <= now) known.delete(each);
      const found = known.get(path);
      if (found) return found.size;
      const size = last.then(() => walk(path));
      last = size;
      const entry = { size, until: Number.POSITIVE_INFINITY };
      known.set(path, entry);
      // From its end on: a walk that takes long is not begun anew meanwhile.
      const ended = () => {
        entry.until = mono() + limits.knownMs;
      };
      size.then(ended, ended);
      return size;
    },
    async filterTables() {
      const text = await readFile(files.tables, 'utf8').catch(() => null);
      return text === null ? null : text.split('\n').filter((name) => name !== '');
    },
  };
}
