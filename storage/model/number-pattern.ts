/**
 * The filters `src` and `dst`: a comma list of numbers, ranges and wildcards, several values being OR (guide-resolved,
 * "the shared filter"). A pattern is plain data, so that the store can make SQL of it; {@link matchesNumber} is the
 * meaning that such SQL must keep.
 *
 * Which part of a shown number a pattern looks at: one that holds a `(` looks at the whole (`620(102)`, `*(102)`);
 * every other looks at the parts (620 and 102 of `620(102)`) and matches if one of them does.
 */

export type NumberPattern =
  /** Equal, to the letter. */
  | { readonly kind: 'literal'; readonly value: string }
  /**
   * Digits only, exactly `digits` of them, from `low` to `high`, both included: of equal length, so that they compare as
   * text. SQL needs all three conditions, because `25a` lies between `200` and `299` too.
   */
  | { readonly kind: 'range'; readonly low: string; readonly high: string; readonly digits: number }
  /** `*` is any run of characters, also none; `?` is any one. Everything else stands for itself, a `[` too. */
  | { readonly kind: 'wildcard'; readonly pattern: string };

/** A filter that can't be meant; its message is for the person or program that sent it. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
}

/** As many values as a page of joined extensions may hold; each becomes one condition of a query. */
export const MAX_VALUES = 300;
/** Asterisk keeps 80 characters of a number (AST_MAX_EXTENSION); no one asks for more than this by hand. */
export const MAX_VALUE_LENGTH = 64;

/**
 * Reads a filter; '' is no filter and gives [].
 *
 * Decided where the guide is silent:
 * - A feature code is one `*` or `#`, one to four digits and perhaps a closing `#` (`*97`, `*31#`): literal. `*12*`,
 *   `**97`, `97*`, `*12345` are wildcards. `#31#` has no wildcard in it and is literal anyhow.
 * - Digits, a dash, digits is always meant as a range. A dash elsewhere (`a-b`, `1-2-3`) is part of the number.
 * - A blank at the very front is a `+` that was not encoded (` 4930` is `+4930`); before a range it is nothing, since a
 *   range has no `+`. After a comma it may be such a `+` or only neat typing, so both `+204` and `204` are looked for.
 *   Blanks behind a value are dropped.
 * - Empty values between commas are skipped, but commas or blanks alone are a mistake: taken for "no filter", they would
 *   make a deletion delete everything.
 * @throws PatternError for a range upside down or with ends of different lengths, a control character, more than
 * {@link MAX_VALUES} values or a value of more than {@link MAX_VALUE_LENGTH} characters.
 */
export function parseNumberPattern(text: string): NumberPattern[] {
  if (text === '') return [];
  const values = text.split(',', MAX_VALUES + 1);
  if (values.length > MAX_VALUES) throw new PatternError(`more than ${MAX_VALUES} numbers`);
  const patterns = values.flatMap((value, index) =>
    value.trim() === '' ? [] : valuePatterns(value.trimEnd(), index === 0),
  );
  if (patterns.length === 0) throw new PatternError('there is no number in it');
  return patterns;
}

function valuePatterns(value: string, first: boolean): NumberPattern[] {
  const bare = value.trimStart();
  if (bare.length > MAX_VALUE_LENGTH) {
    throw new PatternError(`"${bare.slice(0, 16)}…" has more than ${MAX_VALUE_LENGTH} characters`);
  }
  if ([...bare].some((char) => char < ' ' || char === '\x7f')) {
    throw new PatternError('a number holds no control characters');
  }
  const pattern = onePattern(bare);
  if (bare === value || pattern.kind === 'range') return [pattern];
  const withPlus = onePattern(`+${bare}`);
  return first ? [withPlus] : [withPlus, pattern];
}

function onePattern(value: string): NumberPattern {
  const [, low, high] = /^([0-9]+)-([0-9]+)$/.exec(value) ?? [];
  if (low !== undefined && high !== undefined) {
    if (low.length !== high.length) {
      throw new PatternError(`the range ${value} needs the same count of digits on both sides`);
    }
    if (low > high) throw new PatternError(`the range ${value} is upside down: write ${high}-${low}`);
    return { kind: 'range', low, high, digits: low.length };
  }
  const wild = /[*?]/.test(value) && !/^[*#][0-9]{1,4}#?$/.test(value);
  return wild ? { kind: 'wildcard', pattern: value } : { kind: 'literal', value };
}

/** The parts of a shown number: `620(202)` is 620 and 202; anything else is itself alone. */
export function splitShown(shown: string): [string] | [called: string, answered: string] {
  const [, called, answered] = /^([^()]+)\(([^()]+)\)$/.exec(shown) ?? [];
  return called !== undefined && answered !== undefined ? [called, answered] : [shown];
}

/** Whether a pattern is compared with the whole shown number (`620(102)`) and not with its parts. */
export function comparesWhole(pattern: NumberPattern): boolean {
  if (pattern.kind === 'range') return false;
  return (pattern.kind === 'literal' ? pattern.value : pattern.pattern).includes('(');
}

/** Whether a shown number passes a filter: one of the patterns matches, or there are none. Case counts. */
export function matchesNumber(patterns: readonly NumberPattern[], shown: string): boolean {
  if (patterns.length === 0) return true;
  const parts = splitShown(shown);
  return patterns.some((pattern) =>
    comparesWhole(pattern) ? matchesOne(pattern, shown) : parts.some((part) => matchesOne(pattern, part)),
  );
}

function matchesOne(pattern: NumberPattern, number: string): boolean {
  switch (pattern.kind) {
    case 'literal':
      return number === pattern.value;
    case 'range':
      return (
        number.length === pattern.digits && /^[0-9]+$/.test(number) && number >= pattern.low && number <= pattern.high
      );
    case 'wildcard':
      return matchesWildcard(pattern.pattern, number);
  }
}

/** Two pointers and one step back to the last `*`: no regular expression, so no pattern can make it slow. */
export function matchesWildcard(wildcard: string, text: string): boolean {
  const [pattern, number] = [[...wildcard], [...text]];
  let p = 0;
  let n = 0;
  let star = -1;
  let resume = 0;
  while (n < number.length) {
    // The `*` is tested first: a number may hold one itself, and `*` in the pattern is never just that character.
    if (pattern[p] === '*') {
      star = p;
      resume = n;
      p += 1;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === number[n])) {
      p += 1;
      n += 1;
    } else if (star >= 0) {
      resume += 1;
      n = resume;
      p = star + 1;
    } else {
      return false;
    }
  }
  return pattern.slice(p).every((char) => char === '*');
}
