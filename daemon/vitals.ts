/** What pages are told of the daemon itself (cgi/vitals): its age, the size of its store, what its log complained of. */
import { stat } from 'node:fs/promises';
import type { Vitals } from '../cgi/vitals/port.ts';
import type { Log } from './log.ts';
import { databaseFile } from './state.ts';

export function vitalsOf(stateDir: string, log: Pick<Log, 'recent'>): Vitals {
  const begin = performance.now(); // the clock may be set meanwhile
  const file = databaseFile(stateDir);
  const sizeOf = async (path: string) => (await stat(path)).size;
  return {
    uptime: () => (performance.now() - begin) / 1000,
    async storeBytes() {
      try {
        // The log of what is to be brought into it comes and goes.
        return (await sizeOf(file)) + (await sizeOf(`${file}-wal`).catch(() => 0));
      } catch {
        return null;
      }
    },
    complaints: log.recent,
  };
}
