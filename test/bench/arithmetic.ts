/** The bench's arithmetic: quantiles of what was measured, and how a cost grows with the store. Pure. */

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** @param sorted Ascending. @returns the smallest value that a part `q` (0 to 1) of all don't exceed; NaN of none. */
export function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * q) - 1)] ?? Number.NaN;
}

export const ascending = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

export function spreadOf(values: readonly number[]): Spread {
  const sorted = ascending(values);
  return { median: quantile(sorted, 0.5), min: quantile(sorted, 0), max: quantile(sorted, 1) };
}

/** Rounds that are measured at least, whatever they show. */
const LEAST = 5;
/** Of the median: so narrow must the middle half of all rounds be. */
const NARROW = 0.05;

/**
 * Whether more rounds would tell no more: there are five, and the middle half of them lies within a twentieth of their median. Then
 * a median moves by a hundredth or two, which no aim of the bench turns on.
 */
export function isSettled(values: readonly number[]): boolean {
  const sorted = ascending(values);
  return sorted.length >= LEAST && quantile(sorted, 0.75) - quantile(sorted, 0.25) <= NARROW * quantile(sorted, 0.5);
}

/**
 * The exponent e of the power law `cost = a × size ^ e` that fits best: the slope of the straight line through the
 * logarithms (least squares). 0: the size is nothing to it; 1: twice the store, twice the cost.
 * @returns NaN of fewer than two sizes.
 */
export function exponent(points: readonly (readonly [size: number, cost: number])[]): number {
  const logs = points.map(([size, cost]) => [Math.log(size), Math.log(cost)] as const);
  const mean = (at: 0 | 1) => logs.reduce((sum, log) => sum + log[at], 0) / logs.length;
  const [x, y] = [mean(0), mean(1)];
  const over = logs.reduce((sum, log) => sum + (log[0] - x) * (log[1] - y), 0);
  const under = logs.reduce((sum, log) => sum + (log[0] - x) ** 2, 0);
  return over / under;
}

export type Growth = 'flat' | 'log' | 'between' | 'linear' | 'worse' | 'unknown';

/**
 * The word for an exponent over stores of 10 k to 10 M. A cost that grows with the logarithm alone (13.3 to 23.3 doublings)
 * has 0.08; with what is around it that doesn't grow, less.
 */
export function growthWord(e: number): Growth {
  if (Number.isNaN(e)) return 'unknown';
  if (e < 0.05) return 'flat';
  if (e < 0.2) return 'log';
  if (e < 0.8) return 'between';
  return e <= 1.15 ? 'linear' : 'worse';
}
