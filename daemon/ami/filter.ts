/**
 * `Action: Filter`: a POSIX extended regular expression searched in an event's whole text, as Asterisk does (regcomp with
 * REG_EXTENDED; GNU's `\w \W \s \S` too). Worked off as an automaton, all possibilities at once: a client writes the
 * pattern and strangers the text, and JavaScript's own engine would need exponential time for `(a+)+b`, on the main loop.
 * Time is the length of the text times the size of the pattern, and both are bounded.
 */

/** A pattern that can't be meant, or is too large. */
export class FilterError extends Error {
  override readonly name = 'FilterError';
}

/** States of one automaton: `{1,255}` of something writes it out so often. */
const STATES_MAX = 600;
/** Repetitions that `{M,N}` may ask for (RE_DUP_MAX of POSIX). */
const REPEAT_MAX = 255;
const DEPTH_MAX = 50;

/** Decides on one character by its code. */
type CharacterSet = (code: number) => boolean;

type Node =
  | { readonly kind: 'set'; readonly has: CharacterSet }
  | { readonly kind: 'begin' | 'end' | 'empty' }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly Node[] }
  | { readonly kind: 'repeat'; readonly part: Node; readonly least: number; readonly most: number };

/** A state: takes a character and goes to `next`, or goes to `next` and `other` at once. */
interface State {
  readonly kind: 'set' | 'begin' | 'end' | 'split' | 'match';
  readonly has: CharacterSet | null;
  next: number;
  other: number;
}

export interface CompiledFilter {
  /** Whether a text holds a match somewhere. */
  matches(text: string): boolean;
  /** States of its automaton: a character of a text costs so many steps at most. */
  readonly states: number;
}

/** One of `Action: Filter`: with `!` before it, it excludes. */
export interface EventFilter extends CompiledFilter {
  readonly excludes: boolean;
}

/** Of filters that include one must match, if there are any; of those that exclude none may (`match_filter`). */
export function passesFilters(filters: readonly EventFilter[], text: string): boolean {
  const including = filters.filter(({ excludes }) => !excludes);
  return (
    (including.length === 0 || including.some(({ matches }) => matches(text))) &&
    !filters.some(({ excludes, matches }) => excludes && matches(text))
  );
}

/** @param most States that it may have. @throws {FilterError} */
export function compileFilter(pattern: string, most: number = STATES_MAX): CompiledFilter {
  const states: State[] = [];
  const add = (kind: State['kind'], next = -1, has: CharacterSet | null = null, other = -1): number => {
    if (states.length >= Math.min(most, STATES_MAX)) throw new FilterError('the pattern is too large');
    return states.push({ kind, has, next, other }) - 1;
  };
  const match = add('match');

  /** Builds from the end: `next` is the state behind the node; gives the node's first state. */
  function build(node: Node, next: number): number {
    switch (node.kind) {
      case 'empty':
        return next;
      case 'set':
        return add('set', next, node.has);
      case 'begin':
      case 'end':
        return add(node.kind, next);
      case 'sequence':
        return node.parts.reduceRight((behind, part) => build(part, behind), next);
      case 'choice':
        return node.parts.map((part) => build(part, next)).reduce((one, other) => add('split', one, null, other));
      case 'repeat': {
        let first = next;
        if (node.most === Number.POSITIVE_INFINITY) {
          const loop = add('split', -1, null, next);
          (states[loop] as State).next = build(node.part, loop);
          first = loop;
        } else for (let i = node.least; i < node.most; i++) first = add('split', build(node.part, first), null, next);
        for (let i = 0; i < node.least; i++) first = build(node.part, first);
        return first;
      }
    }
  }
  const start = build(parse(pattern), match);
  return { matches: (text) => search(states, start, match, text), states: states.length };
}

function search(states: readonly State[], start: number, match: number, text: string): boolean {
  const seen = new Uint32Array(states.length);
  let mark = 0;
  let current: number[] = [];
  let next: number[] = [];

  /** Adds a state and all that it leads to without a character. */
  function enter(list: number[], from: number, at: number): void {
    const open = [from];
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (seen[index] === mark) continue;
      seen[index] = mark;
      const state = states[index] as State;
      if (state.kind === 'split') open.push(state.other, state.next);
      else if (state.kind === 'begin') {
        if (at === 0) open.push(state.next);
      } else if (state.kind === 'end') {
        if (at === text.length) open.push(state.next);
      } else list.push(index);
    }
  }

  mark++;
  enter(current, start, 0);
  for (let at = 0; ; at++) {
    if (seen[match] === mark) return true;
    if (at >= text.length) return false;
    const code = text.charCodeAt(at);
    mark++;
    next.length = 0;
    for (const index of current) {
      const { has, next: to } = states[index] as State;
      if (has?.(code)) enter(next, to, at + 1);
    }
    enter(next, start, at + 1); // a match may begin anywhere
    [current, next] = [next, current];
  }
}

function parse(pattern: string): Node {
  let at = 0;

  function choice(depth: number): Node {
    if (depth > DEPTH_MAX) throw new FilterError('too many parentheses');
    const parts = [sequence(depth)];
    while (pattern[at] === '|') {
      at++;
      parts.push(sequence(depth));
    }
    return parts.length === 1 && parts[0] ? parts[0] : { kind: 'choice', parts };
  }

  function sequence(depth: number): Node {
    const parts: Node[] = [];
    while (at < pattern.length && pattern[at] !== '|' && (pattern[at] !== ')' || depth === 0))
      parts.push(repeated(depth));
    return parts.length === 0 ? { kind: 'empty' } : { kind: 'sequence', parts };
  }

  function repeated(depth: number): Node {
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

  function atom(depth: number): Node {
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
        const set = NAMED[name];
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

const NAMED: Readonly<Record<string, CharacterSet>> = {
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
};

const word = among(/\w/);
const ESCAPES: Readonly<Record<string, CharacterSet>> = {
  w: word,
  W: (code) => !word(code),
  s: among(/[ \t-\r]/),
  S: (code) => !among(/[ \t-\r]/)(code),
};
