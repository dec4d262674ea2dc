/**
 * Writes down what Asterisk was told to record, so that the truth report knows what a call of last week should have had.
 * Asterisk is asked again and again; a row comes only of a change, and after a jump of the clock, when what holds would
 * otherwise not be found under the new time.
 */
import type { StoreClient } from '../../storage/client.ts';
import { isDiskFault } from '../../storage/errors.ts';
import type { CallType } from '../../storage/model/leg.ts';
import type { Log } from '../log.ts';

/** Wall and monotonic clock drift apart by less between two looks, unless somebody sets the clock. */
const JUMP_MS = 30_000;

export interface PolicyHistoryOptions {
  readonly store: Pick<StoreClient, 'write'>;
  readonly log: Pick<Log, 'warn'>;
  /** Milliseconds since 1970, and milliseconds that no clock setting changes. */
  now(): number;
  mono(): number;
}

/** @returns what takes the kinds that Asterisk has acknowledged. */
export function createPolicyHistory({ store, log, now, mono }: PolicyHistoryOptions) {
  let written = '';
  /** Wall less monotonic clock, when it was written; null: nothing is. */
  let offset: number | null = null;

  return (kinds: readonly CallType[]): void => {
    const drift = now() - mono();
    if (offset !== null && written === kinds.join() && Math.abs(drift - offset) < JUMP_MS) return;
    written = kinds.join();
    offset = drift;
    store.write({ kind: 'policyTold', kinds }).catch((error: unknown) => {
      offset = null; // the next time that it is told
      if (!isDiskFault(error)) log.warn('what Asterisk records could not be written down', { error });
    });
  };
}
