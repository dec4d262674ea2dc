/**
 * A run's own folder, beside the cached data because it gets a copy of some. It goes with the process: also when that is
 * interrupted; of one that was killed, with the next run.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { BenchStore } from './generate.ts';

const NAME = /^(?:run|partial)-(\d+)-/;
const made = new Set<string>();

process.once('exit', () => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});
// The default would end the process without its exit handlers, which also end the daemons.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));

/** @throws when the disk has no room for a copy of the store. */
export function runFolder(store: BenchStore): string {
  const cache = dirname(dirname(store.state));
  needRoom(cache, statSync(join(store.state, 'cdrd.db')).size * 1.2, 'a copy of the store');
  return ownFolder(cache, 'run');
}

/** An empty folder of this process, which goes with it. */
export function ownFolder(cache: string, kind: 'run' | 'partial'): string {
  mkdirSync(cache, { recursive: true });
  for (const name of readdirSync(cache)) {
    const pid = NAME.exec(name)?.[1];
    if (pid !== undefined && !runs(Number(pid))) rmSync(join(cache, name), { recursive: true, force: true });
  }
  const folder = mkdtempSync(join(cache, `${kind}-${process.pid}-`));
  made.add(folder);
  return folder;
}

/** @throws with a sentence for people when fewer bytes than that are free. */
export function needRoom(folder: string, bytes: number, what: string): void {
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= bytes) return;
  const gb = (value: number) => `${(value / 1e9).toFixed(1)} GB`;
  throw new Error(
    `${folder} has ${gb(bavail * bsize)} free, and ${what} needs ${gb(bytes)} (CDRD_CACHE names another folder)`,
  );
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
