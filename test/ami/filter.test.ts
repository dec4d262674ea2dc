/** Filters: POSIX extended expressions as regcomp takes them, the same as JavaScript's where both mean the same, and linear. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileFilter, FilterError } from '../../daemon/ami/filter.ts';

describe('patterns', () => {
  test.each([
    ['Event: Cdr', 'Event: Cdr\r\nX: 1\r\n', true],
    ['Event: Cdr', 'Event: Hangup\r\n', false],
    ['^Event: (Cdr|Hangup)', 'Event: Hangup\r\n', true],
    ['^X: 1', 'Event: Cdr\r\nX: 1\r\n', false], // the beginning of the text, not of a line
    ['Channel: SIP/20[2-5]-', 'Channel: SIP/204-0000', true],
    ['Channel: SIP/20[^2-5]-', 'Channel: SIP/204-0000', false],
    ['a{2,3}b', 'xaab', true],
    ['^a{2,3}b', 'ab', false],
    ['^a{2}$', 'aaa', false],
    ['^a{2,}$', 'aaaa', true],
    ['^(ab)*$', 'ababab', true],
    ['^[[:digit:]]+$', '0123', true],
    ['^[[:alpha:]_]+$', 'ab_c', true],
    ['^[^[:space:]]+$', 'a b', false],
    ['^[]a]+$', ']a', true],
    ['^[a-]+$', 'a-a', true],
    ['a.b', 'a\nb', true],
    ['\\.', 'ab', false],
    ['\\.', 'a.b', true],
    ['^\\w+$', 'ab_1', true],
    ['^\\S+$', 'a b', false],
    ['', 'anything', true],
    ['a||b', 'x', true],
    ['()', 'x', true],
    ['Müller', 'CallerIDName: Müller', true],
    ['M.ller', 'Müller', true],
  ])('%s in %j: %s', (pattern, text, matches) => expect(compileFilter(pattern).matches(text)).toBe(matches));

  test.each([
    '(',
    '(a',
    'a[',
    '[z-a]',
    '*',
    '+a',
    '{1}',
    'a{2,1}',
    'a{256}',
    'a{x}',
    '\\',
    '[[:foo:]]',
    '[[:constructor:]]', // what every object has
    `${'('.repeat(60)}a${')'.repeat(60)}`,
    '((a{99}){99}){99}',
  ])('%s is refused', (pattern) => expect(() => compileFilter(pattern)).toThrow(FilterError));
});

describe('properties', () => {
  /** What both grammars have and mean alike, but for `.` and the line ends, which are no part of the texts. */
  const atom = fc.oneof(fc.constantFrom('a', 'b', 'c', '.', '[ab]', '[^a]', '[a-c]', '\\.', '\\w'));
  const { pattern } = fc.letrec<{ pattern: string; piece: string }>((tie) => ({
    piece: fc.oneof(
      { depthSize: 'small' },
      atom,
      fc.tuple(atom, fc.constantFrom('*', '+', '?', '{2}', '{1,2}', '{2,}', '{0,1}')).map((parts) => parts.join('')),
      tie('pattern').map((inner) => `(${inner})`),
      fc.tuple(tie('pattern'), fc.constantFrom('*', '+', '?', '{2}')).map(([inner, sign]) => `(${inner})${sign}`),
    ),
    pattern: fc.oneof(
      { depthSize: 'small' },
      fc.array(tie('piece'), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')),
      fc.tuple(tie('pattern'), tie('pattern')).map(([one, other]) => `${one}|${other}`),
      tie('pattern').map((inner) => `^(${inner})$`),
    ),
  }));
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '.', ' '), maxLength: 12 });

  /** A pattern may be made so large that it is refused: that one tells nothing here. */
  function compiled(pattern: string) {
    try {
      return compileFilter(pattern);
    } catch (error) {
      fc.pre(!(error instanceof FilterError && error.message === 'the pattern is too large'));
      throw error;
    }
  }

  test('the same as JavaScript where both mean the same', () => {
    fc.assert(
      fc.property(pattern, text, (pattern, text) => {
        expect(compiled(pattern).matches(text)).toBe(new RegExp(pattern, 's').test(text));
      }),
      { numRuns: 2_000 },
    );
  });

  test('any text is taken or refused, and never throws anything else', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), text, (pattern, text) => {
        try {
          compileFilter(pattern).matches(text);
        } catch (error) {
          expect(error).toBeInstanceOf(FilterError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

test.each(['(a+)+b', '(a|a)*b', '(a*)*b', '(.*a){20}b', '((a?){30}a{30})b', '(a|ab|abc)*x', '.*.*.*.*x'])(
  '%s takes twice as long for twice the text',
  (pattern) => {
    const { matches } = compileFilter(pattern);
    /** Microseconds of a core: a busy machine lets this process wait in the midst of it. */
    const took = (length: number) => {
      const text = 'a'.repeat(length);
      const begin = process.cpuUsage();
      const found = matches(text);
      const { user, system } = process.cpuUsage(begin);
      expect(found).toBe(false);
      return user + system;
    };
    took(2_000); // warm
    // In turn, and the least of some: what V8 does beside it falls on both.
    const rounds = Array.from({ length: 10 }, () => [took(2_000), took(8_000)] as const);
    const least = (of: 0 | 1) => Math.min(...rounds.map((round) => round[of]));
    // Linear is 4; JavaScript's own engine would not come back.
    expect(least(1) / least(0)).toBeLessThan(12);
  },
);
