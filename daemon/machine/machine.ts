/**
 * What the machine tells of itself to who asks without root and without starting a program: times and load of the kernel,
 * who is logged in, room on disks, what folders take. Folders are walked one after another, and what was found holds a minute.
 */
import { readFile, statfs } from 'node:fs/promises';
import { arch, loadavg, uptime } from 'node:os';
import type { FolderSize, Machine } from '../../cgi/dialect/machine-port.ts';
import { machineLimits } from '../limits.ts';
import { folderSize } from './folder-size.ts';
import { countUsers, recordSize } from './utmp.ts';

/** Where the kernel and the system tell of themselves; tests have files of their own. */
export interface MachineFiles {
  readonly utmp: string;
  readonly tables: string;
}

const FILES: MachineFiles = { utmp: '/run/utmp', tables: '/proc/net/ip_tables_names' };

/** @param mono Monotonic milliseconds. */
export function createMachine(files = FILES, limits = machineLimits, mono = () => performance.now()): Machine {
  const known = new Map<string, { readonly size: Promise<FolderSize>; until: number }>();
  let last: Promise<unknown> = Promise.resolve();

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
      const size = last.then(() => folderSize(path, limits, mono));
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
