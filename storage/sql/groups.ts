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
  /** '' where there is none, or no inside number. */
  readonly trunks?: readonly [source: string, destination: string];
  readonly extensions?: readonly [source: string | null, destination: string | null];
}

export interface Adder {
  /** @param calls How many; the others are their sums: seconds, and minutes begun. */
  add(common: Common, calls: number, duration: number, billsec: number, minutes: number): void;
  /** All calls first, then each value of each dimension. */
  groups(): TotalsStep['groups'];
}

export function createAdder(by: readonly Dimension[]): Adder {
  const all = new Float64Array(SUMS);
  const asked: Partial<Record<Dimension, Groups>> = Object.fromEntries(by.map((dimension) => [dimension, new Map()]));
  const { day, hour, disposition, direction, port, trunk, extension } = asked;
  return {
    add(common, calls, duration, billsec, minutes) {
      const outcome = CODE.get(common.disposition) ?? FAILED;
      const add = (sums: Float64Array) => addTo(sums, outcome, calls, duration, billsec, minutes);
      const addIn = (groups: Groups | undefined, value: string | number | undefined) => {
        if (groups && value !== undefined) add(sumsIn(groups, value));
      };
      const addSides = (groups: Groups, [source, destination]: readonly [string | null, string | null]) => {
        if (source) add(sumsIn(groups, source));
        if (destination && destination !== source) add(sumsIn(groups, destination));
      };
      add(all);
      addIn(day, common.day);
      addIn(hour, common.hour);
      addIn(disposition, OUTCOMES[outcome]);
      addIn(direction, common.direction);
      if (common.port) addIn(port, common.port);
      if (trunk && common.trunks) addSides(trunk, common.trunks);
      if (extension && common.extensions) addSides(extension, common.extensions);
    },
    groups: () => [
      [null, '', sumsOf(all)],
      ...by.flatMap((dimension) =>
        [...(asked[dimension] ?? [])].map(([value, sums]) => [dimension, value, sumsOf(sums)] as const),
      ),
    ],
  };
}

function sumsIn(groups: Groups, value: string | number): Float64Array {
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
  const add = (index: number, value: number) => {
    sums[index] = (sums[index] ?? 0) + value;
  };
  add(0, calls);
  add(1 + outcome, calls);
  add(5, duration);
  add(6, billsec);
  if (outcome === 0) add(7, billsec);
  add(8, minutes);
}

/** @param sums Count, the four outcomes, duration, billsec, billsec of the answered, minutes. */
export function sumsOf(sums: Float64Array): Sums {
  const [count = 0, answered = 0, noanswer = 0, busy = 0, failed = 0, ...times] = sums;
  const [duration = 0, billsec = 0, talked = 0, minutes = 0] = times;
  return { count, answered, noanswer, busy, failed, duration, billsec, talked, minutes };
}
