/**
 * What the known numbers can be asked for a filter: which sides of a call, by which patterns. Where that is more than the
 * filter means, its calls are held against the filter itself afterwards.
 */
import { comparesWhole, matchesWildcard, type NumberPattern } from './number-pattern.ts';

type Patterns = readonly NumberPattern[] | undefined;

export interface NumberSearch {
  /** Whose side the numbers are looked for on. */
  readonly of: 'src' | 'dst' | 'number';
  readonly patterns: readonly NumberPattern[];
  /** The numbers found are the very ones that the filter means on these sides. */
  readonly exact: boolean;
  /** It is one number, to the letter. */
  readonly one: boolean;
}

/**
 * null where they don't serve: there is no filter, or a wildcard is compared with a whole `620(202)`, of which the parts
 * alone are known.
 * @param src Only sources are asked for: they are one number, whatever they hold.
 */
export function numberSearch(of: NumberSearch['of'], patterns: Patterns): NumberSearch | null {
  if (!patterns || patterns.length === 0) return null;
  const wholes = of === 'src' ? [] : patterns.filter(comparesWhole);
  if (wholes.some(({ kind }) => kind === 'wildcard')) return null;
  // `620(202)` is among the calls to 620; a text with a parenthesis somewhere else is a number by itself.
  const called = wholes.map(
    (pattern): NumberPattern => ({ ...literal(pattern), value: outerOf(literal(pattern).value) }),
  );
  return { of, patterns: [...patterns, ...called], exact: wholes.length === 0, one: exactNumber(patterns) !== null };
}

const literal = (pattern: NumberPattern) => pattern as Extract<NumberPattern, { kind: 'literal' }>;
const outerOf = (whole: string) => whole.slice(0, whole.indexOf('('));

type Of<Kind extends NumberPattern['kind']> = Extract<NumberPattern, { readonly kind: Kind }>;

/**
 * What {@link matchesNumber} says of a number known by itself, made ready for very many numbers and hundreds of patterns:
 * literals are looked up, of ranges the one that may hold it is, and a wildcard is its parts, one behind the other.
 */
export function numberMatcher(patterns: readonly NumberPattern[]): (number: string) => boolean {
  const of = <Kind extends NumberPattern['kind']>(kind: Kind) =>
    patterns.filter((pattern): pattern is Of<Kind> => pattern.kind === kind);
  const literals = new Set(of('literal').map(({ value }) => value));
  const ranges = new Map<number, Of<'range'>[]>();
  for (const range of of('range')) ranges.set(range.digits, [...(ranges.get(range.digits) ?? []), range]);
  for (const each of ranges.values()) each.sort((a, b) => (a.low < b.low ? -1 : 1));
  const within = new Map([...ranges].map(([digits, each]) => [digits, rangeMatcher(each)]));
  const wildcards = of('wildcard').map(wildcardMatcher);
  return (number) =>
    literals.has(number) ||
    (within.get(number.length)?.(number) === true && /^[0-9]+$/.test(number)) ||
    wildcards.some((matches) => matches(number));
}

/** @param ranges Of numbers of one length, by their low ends. */
function rangeMatcher(ranges: readonly Of<'range'>[]): (number: string) => boolean {
  const lows = ranges.map(({ low }) => low);
  // The furthest end so far: whether one of those that begin at or before a number holds it.
  let furthest = '';
  const highs = ranges.map(({ high }) => (furthest = high > furthest ? high : furthest));
  return (number) => {
    let [from, to] = [0, lows.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((lows[middle] ?? '') <= number) from = middle + 1;
      else to = middle;
    }
    return from > 0 && (highs[from - 1] ?? '') >= number;
  };
}

function wildcardMatcher(pattern: Of<'wildcard'>): (number: string) => boolean {
  if (pattern.pattern.includes('?')) return (number) => matchesWildcard(pattern.pattern, number);
  const parts = pattern.pattern.split('*');
  const [first = '', last = ''] = [parts[0], parts.at(-1)];
  const between = parts.slice(1, -1);
  return (number) => {
    if (!number.startsWith(first)) return false;
    let at = first.length;
    for (const part of between) {
      const found = number.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return number.length - at >= last.length && number.endsWith(last);
  };
}

/** What every number begins with that a pattern matches. */
export function beginningOf(pattern: NumberPattern): string {
  switch (pattern.kind) {
    case 'literal':
      return pattern.value;
    case 'range': {
      const differs = [...pattern.low].findIndex((digit, index) => digit !== pattern.high[index]);
      return differs < 0 ? pattern.low : pattern.low.slice(0, differs);
    }
    case 'wildcard':
      return pattern.pattern.split(/[*?]/, 1)[0] ?? '';
  }
}

/** The one number that a filter asks for, to the letter; null: it asks for something else, or for a whole `620(202)`. */
export function exactNumber(patterns: Patterns): string | null {
  const [pattern, ...more] = patterns ?? [];
  if (pattern?.kind !== 'literal' || more.length > 0) return null;
  return comparesWhole(pattern) ? null : pattern.value;
}
