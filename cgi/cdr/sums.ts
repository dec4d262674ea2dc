/** Sums over calls, added up: a walk gives those of each step, whoever shows them wants one. */
import type { Sums } from '../../storage/filter.ts';

/** Of no call. */
export const NO_SUMS: Sums = {
  count: 0,
  answered: 0,
  noanswer: 0,
  busy: 0,
  failed: 0,
  duration: 0,
  billsec: 0,
  talked: 0,
  minutes: 0,
};

/** Of the calls of both. */
export function addSums(a: Sums, b: Sums): Sums {
  return {
    count: a.count + b.count,
    answered: a.answered + b.answered,
    noanswer: a.noanswer + b.noanswer,
    busy: a.busy + b.busy,
    failed: a.failed + b.failed,
    duration: a.duration + b.duration,
    billsec: a.billsec + b.billsec,
    talked: a.talked + b.talked,
    minutes: a.minutes + b.minutes,
  };
}
