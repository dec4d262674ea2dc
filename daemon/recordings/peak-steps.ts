/** Reads how loud a recording is. Synchronous calls only: it runs in the worker, which may hang alone. */
import { readSync } from 'node:fs';
import type { FileStep, SomePeaks } from './file-protocol.ts';
import { whileSame } from './file-reads.ts';
import { HEADER_BYTES, HEADER_BYTES_MAX, PEAK_READ_BYTES, PEAK_READS } from './limits.ts';
import { createPlace } from './open-folder.ts';
import { planPeaks } from './peaks.ts';
import { parseWav } from './wav.ts';

/**
 * @param real The recordings folder, its own links resolved.
 * @param enough Asked after every part: what isn't done by then is gone on with.
 * @returns one part at least, where there is one; null: it is no longer the file that was looked at.
 * @throws what the system throws, but for absence.
 */
export function readPeaks(
  real: string,
  { file, count, from }: Pick<Extract<FileStep, { kind: 'peaks' }>, 'file' | 'count' | 'from'>,
  enough: () => boolean,
): SomePeaks | null {
  const place = createPlace(real);
  try {
    return whileSame(place, file, (fd) => {
      const plan = planPeaks(headerOf(fd, file.size), file.size, count);
      const room = new Uint8Array(Math.ceil(PEAK_READS / Math.max(1, plan.count)) * PEAK_READ_BYTES);
      const peaks: number[] = [];
      for (let part = from; part < plan.count; part += 1) {
        let most = 0;
        for (const { from: at, length } of plan.probes(part)) {
          const got = readSync(fd, room, 0, length, at);
          if (got < length) return null; // it shrinks
          most = Math.max(most, plan.peak(room.subarray(0, got)));
        }
        peaks.push(most);
        if (enough() && part + 1 < plan.count) return { ...plan.facts, peaks, next: part + 1 };
      }
      return { ...plan.facts, peaks, next: null };
    });
  } finally {
    place.close();
  }
}

function headerOf(fd: number, size: number) {
  for (const most of [HEADER_BYTES, HEADER_BYTES_MAX]) {
    const bytes = new Uint8Array(Math.min(size, most));
    const wav = parseWav(bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, 0)), size);
    if (wav !== 'more') return wav;
  }
  return 'more';
}
