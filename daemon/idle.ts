/**
 * Upkeep of the store while nobody wants it. Each commit of calls adds a piece to the search index; merged in small steps
 * here, they never become so many that an insert must merge them all, and stall for it. A store that is never idle, during
 * an import say, gets a step now and then all the same.
 */

import type { StoreClient } from '../storage/client.ts';
import { StoreError } from '../storage/errors.ts';
import { LANES } from '../storage/lanes.ts';
import type { Bus } from './bus.ts';
import { idleLimits } from './limits.ts';
import type { Log } from './log.ts';

export interface IdleWork {
  /** Begins no further step, and settles when the one under way has ended. */
  stop(): Promise<void>;
}

export interface IdleOptions {
  readonly store: Pick<StoreClient, 'work' | 'depth'>;
  readonly bus: Bus;
  readonly log: Log;
  readonly limits?: { readonly [Name in keyof typeof idleLimits]: number };
}

export function startIdleWork({ store, bus, log, limits = idleLimits }: IdleOptions): IdleWork {
  // An earlier run, or an import while none ran, may have left some.
  let wanted = true;
  let last = performance.now();
  let step: Promise<void> | null = null;
  const want = () => {
    wanted = true;
  };
  bus.on('calls', want);

  const timer = setInterval(() => {
    if (!wanted || step) return;
    const busy = LANES.some((lane) => store.depth(lane) > 0);
    if (busy && performance.now() - last < limits.busyMs) return;
    step = merge().finally(() => {
      step = null;
      last = performance.now();
    });
  }, limits.everyMs);
  timer.unref();

  async function merge(): Promise<void> {
    wanted = false; // what comes while it runs is wanted again
    try {
      if (await store.work('searchMerge')) wanted = true;
    } catch (error) {
      // The next call tries again; searches work without, only slower.
      if (!(error instanceof StoreError && error.code === 'closed'))
        log.warn('the search index was not merged', { error });
    }
  }

  return {
    async stop() {
      clearInterval(timer);
      bus.off('calls', want);
      await step;
    },
  };
}
