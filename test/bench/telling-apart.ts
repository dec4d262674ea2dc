/** Whether two kinds of times can be told apart: Welch's t and Mann-Whitney's U, both by the normal distribution, pure. */

export interface Samples {
  readonly known: readonly number[];
  readonly unknown: readonly number[];
}

export interface Test {
  readonly statistic: number;
  /** Two-sided. */
  readonly p: number;
}

/** Each kind needs some thirty values at least: the normal distribution stands for the exact ones. */
export function telling({ known, unknown }: Samples): { welch: Test; rank: Test; error: number } {
  const error = Math.sqrt(varianceOf(known) / known.length + varianceOf(unknown) / unknown.length);
  const t = (meanOf(known) - meanOf(unknown)) / error;
  const z = rankOf(known, unknown);
  return { welch: { statistic: t, p: twoSided(t) }, rank: { statistic: z, p: twoSided(z) }, error };
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}

function varianceOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
}

/** U as a z, values that are equal sharing their ranks. */
function rankOf(a: readonly number[], b: readonly number[]): number {
  const all = [...a.map((value) => ({ value, isA: true })), ...b.map((value) => ({ value, isA: false }))];
  all.sort((x, y) => x.value - y.value);
  let ranksOfA = 0;
  let ties = 0;
  for (let from = 0; from < all.length; ) {
    let to = from;
    while (to < all.length && all[to]?.value === all[from]?.value) to++;
    const rank = (from + 1 + to) / 2;
    ranksOfA += rank * all.slice(from, to).filter(({ isA }) => isA).length;
    ties += (to - from) ** 3 - (to - from);
    from = to;
  }
  const [n, m] = [a.length, b.length];
  const u = ranksOfA - (n * (n + 1)) / 2;
  const sum = n + m;
  const spread = Math.sqrt(((n * m) / 12) * (sum + 1 - ties / (sum * (sum - 1))));
  return (u - (n * m) / 2) / spread;
}

/** Of the normal distribution: the chance of a value as far from 0 (Numerical Recipes' erfc, good to 1.2e-7 of itself). */
function twoSided(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + x / 2);
  const series = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
    0.17087277,
  ];
  const power = series.reduceRight((sum, factor) => sum * t + factor, 0);
  return t * Math.exp(-x * x + power);
}
