/**
 * What the index of trigrams can be asked for a filter of numbers: a superset of what matches, to be checked against the
 * filter itself. The index tells neither which side of a call a trigram stands on nor at which place.
 */
import { comparesWhole, type NumberPattern } from './number-pattern.ts';

type Patterns = readonly NumberPattern[] | undefined;

/** Characters of a run that the index serves: it holds what stands in three neighbouring characters. */
const GRAM = 3;
/** Trigrams looked up for one pattern. More than three hardly narrow a result, and each costs 2 ms in a million calls. */
const GRAMS_MAX = 3;
/** Patterns of a list looked up by the index; a longer list is found by scanning. */
const BRANCHES_MAX = 12;

/**
 * Of each pattern the trigrams that every number it matches holds, at most {@link GRAMS_MAX}; null where the index does
 * not serve: some pattern has no three literal characters in a row, or there are too many of them.
 */
export function gramsOf(patterns: Patterns): string[][] | null {
  if (!patterns || patterns.length === 0 || patterns.length > BRANCHES_MAX) return null;
  const branches = patterns.map((pattern) => spread(runsOf(pattern)));
  return branches.some((grams) => grams.length === 0) ? null : branches;
}

/** What stands in it letter by letter. A range whose ends begin alike has that beginning. */
function runsOf(pattern: NumberPattern): string[] {
  switch (pattern.kind) {
    case 'literal':
      return [pattern.value];
    case 'range': {
      const differs = [...pattern.low].findIndex((digit, index) => digit !== pattern.high[index]);
      return [differs < 0 ? pattern.low : pattern.low.slice(0, differs)];
    }
    case 'wildcard':
      return pattern.pattern.split(/[*?]/);
  }
}

/** From the end on and side by side: numbers begin alike (country, trunk) and differ in their last digits. */
function spread(runs: readonly string[]): string[] {
  const grams = new Set<string>();
  for (const run of [...runs].sort((a, b) => b.length - a.length)) {
    const chars = [...run];
    for (let end = chars.length; chars.length >= GRAM && grams.size < GRAMS_MAX; end -= GRAM) {
      const begin = Math.max(0, end - GRAM);
      grams.add(chars.slice(begin, begin + GRAM).join(''));
      if (begin === 0) break;
    }
  }
  return [...grams];
}

/** The one number that a filter asks for, to the letter; null: it asks for something else, or for a whole `620(202)`. */
export function exactNumber(patterns: Patterns): string | null {
  const [pattern, ...more] = patterns ?? [];
  if (pattern?.kind !== 'literal' || more.length > 0) return null;
  return comparesWhole(pattern) ? null : pattern.value;
}

/**
 * Whether trigrams are worth asking: they serve, and no exact number has an index of its own along the starts. What changed
 * is told in the order of its changes and with what has gone, neither of which the index of trigrams knows.
 */
export function byIndex(sides: readonly Patterns[], since: number | undefined): boolean {
  if (since !== undefined || sides.some((side) => exactNumber(side) !== null)) return false;
  return sides.some((side) => gramsOf(side) !== null);
}
