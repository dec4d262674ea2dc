/**
 * How many requests one address may send: a bucket that fills by time, small for strangers and large for who is logged in,
 * so that a flood of the ones doesn't keep the others of the same house out.
 */

export interface RateLimits {
  readonly strangerBurst: number;
  readonly strangerRate: number;
  readonly knownBurst: number;
  readonly knownRate: number;
  readonly counted: number;
}

export interface Rate {
  /** Counts a request. @returns seconds until another may come; 0: this one may. */
  take(source: string, known: boolean): number;
  /** Addresses counted. */
  readonly size: number;
}

interface Bucket {
  left: number;
  at: number;
}

/** @param clock Monotonic milliseconds. */
export function createRate(limits: RateLimits, clock: () => number = () => performance.now()): Rate {
  const kinds = {
    stranger: { burst: limits.strangerBurst, rate: limits.strangerRate, buckets: new Map<string, Bucket>() },
    known: { burst: limits.knownBurst, rate: limits.knownRate, buckets: new Map<string, Bucket>() },
  };

  return {
    take(source, known) {
      const { burst, rate, buckets } = known ? kinds.known : kinds.stranger;
      const now = clock();
      const bucket = buckets.get(source) ?? { left: burst, at: now };
      // To the end: the map's order is that of the last request.
      buckets.delete(source);
      for (const [oldest] of buckets) {
        if (buckets.size < limits.counted) break;
        buckets.delete(oldest);
      }
      buckets.set(source, bucket);
      bucket.left = Math.min(burst, bucket.left + ((now - bucket.at) / 1000) * rate);
      bucket.at = now;
      if (bucket.left < 1) return Math.max(1, Math.ceil((1 - bucket.left) / rate));
      bucket.left--;
      return 0;
    },
    get size() {
      return kinds.stranger.buckets.size + kinds.known.buckets.size;
    },
  };
}
