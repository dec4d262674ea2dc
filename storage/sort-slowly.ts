/**
 * Sorting in slices: a hundred thousand keys take a fifth of a second, and on a slow box ten times that, in which nobody
 * else would be answered. Merge sort from the bottom up, which can stop anywhere.
 */

/** Sorted at one go. */
const RUN = 256;
/** Comparisons, or about as many, between two stops. */
const STRIDE = 256;

/** Sorts in place; stops every few hundred comparisons, and goes on when asked to. What compares equal keeps its order. */
export function* sortSlowly<T>(items: T[], compare: (a: T, b: T) => number): Generator<void> {
  const { length } = items;
  for (let from = 0; from < length; from += RUN) {
    const run = items.slice(from, from + RUN).sort(compare);
    for (const [index, item] of run.entries()) items[from + index] = item;
    yield;
  }
  let [source, target] = [items, items.slice()];
  for (let width = RUN; width < length; width *= 2) {
    for (let from = 0; from < length; from += 2 * width) yield* merge(source, target, from, width, compare);
    [source, target] = [target, source];
  }
  for (let at = 0; source !== items && at < length; at++) items[at] = source[at] as T;
}

/** Two runs of `source` that stand side by side become one of `target`. */
function* merge<T>(
  source: readonly T[],
  target: T[],
  from: number,
  width: number,
  compare: (a: T, b: T) => number,
): Generator<void> {
  const middle = Math.min(from + width, source.length);
  const end = Math.min(from + 2 * width, source.length);
  let left = from;
  let right = middle;
  for (let at = from; at < end; at++) {
    const takeLeft = right >= end || (left < middle && compare(source[left] as T, source[right] as T) <= 0);
    target[at] = source[takeLeft ? left++ : right++] as T;
    if (at % STRIDE === 0) yield;
  }
}
