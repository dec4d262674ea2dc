/**
 * `Action: Filter`: a POSIX extended regular expression searched in an event's whole text, as Asterisk does (regcomp with
 * REG_EXTENDED; GNU's `\w \W \s \S` too). Worked off as an automaton, all possibilities at once: a client writes the
 * pattern and strangers the text, and JavaScript's own engine would need exponential time for `(a+)+b`, on the main loop.
 * Time is the length of the text times the size of the pattern, and both are bounded.
 */
import { type CharacterSet, FilterError, type PatternNode, parsePattern } from './filter-pattern.ts';

export { FilterError };

/** States of one automaton: `{1,255}` of something writes it out so often. */
const STATES_MAX = 600;

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
  function build(node: PatternNode, next: number): number {
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
  const start = build(parsePattern(pattern), match);
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
