/** Adds calls up into the groups that a question asks for: calls one by one, or many that were added up before. */
import type { Dimension, Sums, TotalsStep } from '../filter.ts';

/** Dispositions as shown, in the order of a sum's figures: whatever is none of the first three is a failure. */
const OUTCOMES = ['ANSWERED', 'NO ANSWER', 'BUSY', 'FAILED'] as const;
const FAILED = OUTCOMES.length - 1;
const CODE: ReadonlyMap<string, number> = new Map(OUTCOMES.map((name, code) => [name, code]));

/** Sums by value. */
type Groups = Map<string | number, Float64Array>;
/** Numbers in {@link Sums}. */
const SUMS = 9;

/** What calls have in common that are added at once. What no group asks for may be left out. */
export interface Common {
  readonly disposition: string;
  /** Days since 1970 on the call's own clock, and hours of it. */
  readonly day?: number;
  readonly hour?: number;
  readonly direction?: string;
  readonly port?: number;
  /** '' where there is none. */
  readonly sourceTrunk?: string;
  readonly destinationTrunk?: string;
  /** null where it is no inside number. */
  readonly source?: string | null;
  readonly destination?: string | null;
}

export interface Adder {
  /** @param calls How many; the others are their sums: seconds, and minutes begun. */
  add(common: Common, calls: number, duration: number, billsec: number, minutes: number): void;
  /** All calls first, then each value of each dimension. */
  groups(): TotalsStep['groups'];
}

/** Its `add` is called for each of a million calls: it makes nothing anew. */
export function createAdder(by: readonly Dimension[]): Adder {
  const all = new Float64Array(SUMS);
  const asked: Partial<Record<Dimension, Groups>> = Object.fromEntries(by.map((dimension) => [dimension, new Map()]));
  const { day, hour, disposition, direction, port, trunk, extension } = asked;
  return {
    add(common, calls, duration, billsec, minutes) {
      const outcome = CODE.get(common.disposition) ?? FAILED;
      addTo(all, outcome, calls, duration, billsec, minutes);
      if (day) addTo(sumsIn(day, common.day), outcome, calls, duration, billsec, minutes);
      if (hour) addTo(sumsIn(hour, common.hour), outcome, calls, duration, billsec, minutes);
      if (disposition) addTo(sumsIn(disposition, OUTCOMES[outcome]), outcome, calls, duration, billsec, minutes);
      if (direction) addTo(sumsIn(direction, common.direction), outcome, calls, duration, billsec, minutes);
      if (port && common.port) addTo(sumsIn(port, common.port), outcome, calls, duration, billsec, minutes);
      if (trunk) {
        const { sourceTrunk: from, destinationTrunk: to } = common;
        if (from) addTo(sumsIn(trunk, from), outcome, calls, duration, billsec, minutes);
        if (to && to !== from) addTo(sumsIn(trunk, to), outcome, calls, duration, billsec, minutes);
      }
      if (extension) {
        const { source: from, destination: to } = common;
        if (from) addTo(sumsIn(extension, from), outcome, calls, duration, billsec, minutes);
        if (to && to !== from) addTo(sumsIn(extension, to), outcome, calls, duration, billsec, minutes);
      }
    },
    groups: () => [
      [null, '', sumsOf(all)],
      ...by.flatMap((dimension) =>
        [...(asked[dimension] ?? [])].map(([value, sums]) => [dimension, value, sumsOf(sums)] as const),
      ),
    ],
  };
}

function sumsIn(groups: Groups, value: string | number = ''): Float64Array {
  const known = groups.get(value);
  if (known) return known;
  const sums = new Float64Array(SUMS);
  groups.set(value, sums);
  return sums;
}

/** In the order of {@link sumsOf}. */
function addTo(
  sums: Float64Array,
  outcome: number,
  calls: number,
  duration: number,
  billsec: number,
  minutes: number,
): void {
  sums[0] = (sums[0] ?? 0) + calls;
  sums[1 + outcome] = (sums[1 + outcome] ?? 0) + calls;
  sums[5] = (sums[5] ?? 0) + duration;
  sums[6] = (sums[6] ?? 0) + billsec;
  if (outcome === 0) sums[7] = (sums[7] ?? 0) + billsec;
  sums[8] = (sums[8] ?? 0) + minutes;
}

/** @param sums Count, the four outcomes, duration, billsec, billsec of the answered, minutes. */
export function sumsOf(sums: Float64Array): Sums {
  const [count = 0, answered = 0, noanswer = 0, busy = 0, failed = 0, ...times] = sums;
  const [duration = 0, billsec = 0, talked = 0, minutes = 0] = times;
  return { count, answered, noanswer, busy, failed, duration, billsec, talked, minutes };
}
