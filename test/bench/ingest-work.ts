/**
 * What the ingest rows write: calls as history.ts draws them, moved behind the year that the store holds, and in which
 * transactions a phase of them goes. Both sides and the one that writes down the statements play the same plan.
 */
import type { Leg, Moment } from '../../storage/model/leg.ts';
import { drawHistory } from './history.ts';

/** `single`: each record, and each call's end, is waited for; `burst`: all records at once, then all ends. */
export interface Phase {
  readonly kind: 'single' | 'burst';
  readonly records: number;
}

/** Writes of one commit: what the store's ingest lane takes (storage/lanes.ts). */
export const GROUP = 256;

const SEED = 2;
/** What is drawn is the beginning of a year as busy as the store's. */
const YEAR = { calls: 1_000_000, recordings: 100_000 };
const LATER_SECONDS = 366 * 86_400;

const later = ({ epoch, offset }: Moment): Moment => ({ epoch: epoch + LATER_SECONDS, offset });

function moved(leg: Leg): Leg {
  const uniqueId = leg.uniqueId.replace(/^\d+/, (start) => String(Number(start) + LATER_SECONDS));
  const answer = leg.answer && later(leg.answer);
  return { ...leg, start: later(leg.start), answer, end: later(leg.end), uniqueId, linkedId: uniqueId };
}

/** Calls for each phase, so many that their records are the wanted number or a few fewer: the lane takes no more. */
export function plan(phases: readonly Phase[]): (readonly Leg[])[][] {
  const history = drawHistory(SEED, YEAR);
  return phases.map(({ records }) => {
    const calls: Leg[][] = [];
    for (let left = records; ; ) {
      const next = history.next();
      if (next.done) throw new Error('the year has no more calls');
      const legs = next.value.legs.map(moved);
      left -= legs.length;
      if (left < 0) return calls;
      calls.push(legs);
    }
  });
}

/** What a phase came to. */
export interface Played {
  readonly records: number;
  readonly ms: number;
  /** Milliseconds of each record, from its being given to its being durable, in order of size: single phases only. */
  readonly each: readonly number[];
}
