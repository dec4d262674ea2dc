/**
 * The pattern of an `Action: Filter`, read: POSIX extended regular expressions (regcomp with REG_EXTENDED), and of GNU's
 * `\w \W \s \S`. Back-references are none of them.
 */

/** A pattern that can't be meant, or is too large. */
export class FilterError extends Error {
  override readonly name = 'FilterError';
}

/** Repetitions that `{M,N}` may ask for (RE_DUP_MAX of POSIX). */
const REPEAT_MAX = 255;
const DEPTH_MAX = 50;

/** Decides on one character by its code. */
export type CharacterSet = (code: number) => boolean;

export type PatternNode =
  | { readonly kind: 'set'; readonly has: CharacterSet }
  | { readonly kind: 'begin' | 'end' | 'empty' }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'repeat'; readonly part: PatternNode; readonly least: number; readonly most: number };

/** @throws {FilterError} */
export function parsePattern(pattern: string): PatternNode {
  let at = 0;

  function choice(depth: number): PatternNode {
    if (depth > DEPTH_MAX) throw new FilterError('too many parentheses');
    const parts = [sequence(depth)];
    while (pattern[at] === '|') {
      at++;
      parts.push(sequence(depth));
    }
    return parts.length === 1 && parts[0] ? parts[0] : { kind: 'choice', parts };
  }

  function sequence(depth: number): PatternNode {
    const parts: PatternNode[] = [];
    while (at < pattern.length && pattern[at] !== '|' && (pattern[at] !== ')' || depth === 0))
      parts.push(repeated(depth));
    return parts.length === 0 ? { kind: 'empty' } : { kind: 'sequence', parts };
  }

  function repeated(depth: number): PatternNode {
    let node = atom(depth);
    for (;;) {
      const bounds = repetition();
      if (!bounds) return node;
      node = { kind: 'repeat', part: node, ...bounds };
    }
  }

  function repetition(): { least: number; most: number } | null {
    const sign = pattern[at];
    const simple = { '*': [0, Infinity], '+': [1, Infinity], '?': [0, 1] }[sign ?? ''];
    if (simple) {
      at++;
      return { least: simple[0] ?? 0, most: simple[1] ?? 0 };
    }
    if (sign !== '{') return null;
    const [all, from = '', comma, to = ''] = /^\{(\d{1,3})(,)?(\d{0,3})\}/.exec(pattern.slice(at)) ?? [];
    if (!all) throw new FilterError('a repetition that is none');
    at += all.length;
    const least = Number(from);
    const most = comma === undefined ? least : to === '' ? Infinity : Number(to);
    if (least > REPEAT_MAX || (most !== Infinity && (most > REPEAT_MAX || most < least)))
      throw new FilterError('a repetition out of bounds');
    return { least, most };
  }

  function atom(depth: number): PatternNode {
    const sign = pattern[at++];
    switch (sign) {
      case '(': {
        const inner = choice(depth + 1);
        if (pattern[at++] !== ')') throw new FilterError('a parenthesis is not closed');
        return inner;
      }
      case '[':
        return { kind: 'set', has: bracket() };
      case '.':
        return { kind: 'set', has: () => true };
      case '^':
        return { kind: 'begin' };
      case '$':
        return { kind: 'end' };
      case '*':
      case '+':
      case '?':
      case '{':
        throw new FilterError('nothing is there to be repeated');
      case '\\': {
        const escaped = pattern[at++];
        if (escaped === undefined) throw new FilterError('a backslash at the end');
        return { kind: 'set', has: ESCAPES[escaped] ?? isCharacter(escaped) };
      }
      default:
        return { kind: 'set', has: isCharacter(sign ?? '') };
    }
  }

  /** After `[`: `^` first turns it round, `]` first is itself, `[:digit:]` names a class. */
  function bracket(): CharacterSet {
    const negated = pattern[at] === '^';
    if (negated) at++;
    const sets: CharacterSet[] = [];
    for (let first = true; first || pattern[at] !== ']'; first = false) {
      if (at >= pattern.length) throw new FilterError('a bracket is not closed');
      const [named, name = ''] = /^\[:([a-z]+):\]/.exec(pattern.slice(at)) ?? [];
      if (named) {
        const set = NAMED.get(name);
        if (!set) throw new FilterError('there is no such class of characters');
        sets.push(set);
        at += named.length;
        continue;
      }
      const low = pattern.charCodeAt(at++);
      if (pattern[at] === '-' && at + 1 < pattern.length && pattern[at + 1] !== ']') {
        const high = pattern.charCodeAt(at + 1);
        at += 2;
        if (high < low) throw new FilterError('a range upside down');
        sets.push((code) => code >= low && code <= high);
      } else sets.push((code) => code === low);
    }
    at++;
    return (code) => sets.some((has) => has(code)) !== negated;
  }

  return choice(0);
}

function isCharacter(character: string): CharacterSet {
  const wanted = character.charCodeAt(0);
  return (code) => code === wanted;
}

const among =
  (pattern: RegExp): CharacterSet =>
  (code) =>
    pattern.test(String.fromCharCode(code));

/** A map: every object has a `constructor`, and that is no class. */
const NAMED: ReadonlyMap<string, CharacterSet> = new Map(
  Object.entries<CharacterSet>({
    alnum: among(/[A-Za-z0-9]/),
    alpha: among(/[A-Za-z]/),
    blank: among(/[ \t]/),
    cntrl: (code) => code < 0x20 || code === 0x7f,
    digit: among(/[0-9]/),
    graph: (code) => code > 0x20 && code < 0x7f,
    lower: among(/[a-z]/),
    print: (code) => code >= 0x20 && code < 0x7f,
    punct: among(/[!-/:-@[-`{-~]/),
    space: among(/[ \t-\r]/),
    upper: among(/[A-Z]/),
    xdigit: among(/[0-9A-Fa-f]/),
  }),
);

const word = among(/\w/);
const ESCAPES: Readonly<Record<string, CharacterSet>> = {
  w: word,
  W: (code) => !word(code),
  s: among(/[ \t-\r]/),
  S: (code) => !among(/[ \t-\r]/)(code),
};
