/**
 * How fast the log of what was changed may grow. It keeps the newest lines, so who changes something back and forth all day
 * would push out what was done before: everybody may do at once what an import does, and from then on so much a day, all
 * together twice that, so that nobody keeps the others from their work by himself. A restart begins anew.
 */
import { CgiError } from '../reply.ts';

export interface PaceLimits {
  /** Lines at once of one who asks, and seconds in which there may be another. */
  readonly lines: number;
  readonly seconds: number;
  /** The same of all. */
  readonly allLines: number;
  readonly allSeconds: number;
}

/** @param lines That an act will make. @throws {CgiError} `busy` */
export type Pace = (who: string, lines: number) => void;

/** @param clock Monotonic milliseconds. */
export function createPace(limits: PaceLimits, clock: () => number = () => performance.now()): Pace {
  /** When each may have all its lines at once again; who isn't here may. */
  const free = new Map<string, number>();
  let allFree = 0;

  return (who, lines) => {
    if (lines === 0) return;
    const now = clock();
    const own = Math.max(now, free.get(who) ?? 0) + lines * limits.seconds * 1000;
    const all = Math.max(now, allFree) + lines * limits.allSeconds * 1000;
    const wait = Math.max(
      own - now - limits.lines * limits.seconds * 1000,
      all - now - limits.allLines * limits.allSeconds * 1000,
    );
    if (wait > 0)
      throw new CgiError('busy', 'so much was changed that the audit log must rest', undefined, Math.ceil(wait / 1000));
    // Those of now are few: each has cost lines of all.
    for (const [each, until] of free) if (until <= now) free.delete(each);
    free.set(who, own);
    allFree = all;
  };
}
