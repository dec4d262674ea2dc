/**
 * What the known numbers can be asked for a filter: which sides of a call, by which patterns. Where that is more than the
 * filter means, its calls are held against the filter itself afterwards.
 */
import { comparesWhole, type NumberPattern } from './number-pattern.ts';

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
