/** How much may come of one address: a bucket that fills by time, of which each takes a drop. */

export interface RateLimits {
  /** What comes at once, and each second. */
  readonly burst: number;
  readonly rate: number;
  /** Addresses remembered. */
  readonly counted: number;
}

export interface Rate {
  /** @returns seconds until another may come; 0: this one may. */
  take(source: string): number;
  /** Gives back what one has taken that was not to be counted here. */
  give(source: string): void;
  /** Addresses counted. */
  readonly size: number;
}

interface Bucket {
  left: number;
  at: number;
}

/** @param clock Monotonic milliseconds. */
export function createRate({ burst, rate, counted }: RateLimits, clock: () => number = () => performance.now()): Rate {
  const buckets = new Map<string, Bucket>();

  return {
    take(source) {
      const now = clock();
      const bucket = buckets.get(source) ?? { left: burst, at: now };
      // To the end: the map's order is that of the last one.
      buckets.delete(source);
      for (const [oldest] of buckets) {
        if (buckets.size < counted) break;
        buckets.delete(oldest);
      }
      buckets.set(source, bucket);
      bucket.left = Math.min(burst, bucket.left + ((now - bucket.at) / 1000) * rate);
      bucket.at = now;
      if (bucket.left < 1) return Math.max(1, Math.ceil((1 - bucket.left) / rate));
      bucket.left--;
      return 0;
    },
    give(source) {
      const bucket = buckets.get(source);
      if (bucket) bucket.left = Math.min(burst, bucket.left + 1);
    },
    get size() {
      return buckets.size;
    },
  };
}
