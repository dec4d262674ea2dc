/** Records that the disk of the store refuses, kept in memory in the order in which they came: so many, and no more. */
import type { Leg } from '../../storage/model/leg.ts';

export interface HeldRecords {
  readonly size: number;
  /** @returns false: there is no room for it. */
  add(leg: Leg): boolean;
  /** The oldest, so many at most. They stay. */
  oldest(count: number): readonly Leg[];
  /** These of the oldest are held no longer. */
  release(legs: readonly Leg[]): void;
}

export function createHeldRecords(max: number): HeldRecords {
  let legs: Leg[] = [];
  return {
    get size() {
      return legs.length;
    },
    add(leg) {
      if (legs.length >= max) return false;
      legs.push(leg);
      return true;
    },
    oldest: (count) => legs.slice(0, count),
    release(gone) {
      const set = new Set(gone);
      legs = legs.filter((leg) => !set.has(leg));
    },
  };
}
