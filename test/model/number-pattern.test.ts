/** The filters `src` and `dst`: what they mean, what they match, and what is refused. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  matchesNumber,
  type NumberPattern,
  PatternError,
  parseNumberPattern,
  splitShown,
} from '../../storage/model/number-pattern.ts';

/** A pattern in a word: `=202`, `200..299`, `~20*`. */
function word(pattern: NumberPattern): string {
  switch (pattern.kind) {
    case 'literal':
      return `=${pattern.value}`;
    case 'range':
      return `${pattern.low}..${pattern.high}/${pattern.digits}`;
    case 'wildcard':
      return `~${pattern.pattern}`;
  }
}

describe('reading', () => {
  test.each([
    ['', []],
    ['202', ['=202']],
    ['202,204', ['=202', '=204']],
    [',202,,204,', ['=202', '=204']],
    ['200-299', ['200..299/3']],
    ['0200-0299,620', ['0200..0299/4', '=620']],
    ['5-5', ['5..5/1']],
    ['620(102)', ['=620(102)']],
    ['s', ['=s']],
    ['a-b', ['=a-b']],
    ['2 0', ['=2 0']],
    ['1-2-3', ['=1-2-3']],
    ['+49-30-1', ['=+49-30-1']],
    ['+200-299', ['=+200-299']],
    // feature codes
    ['*97', ['=*97']],
    ['*7', ['=*7']],
    ['*10', ['=*10']],
    ['#31', ['=#31']],
    ['#31#', ['=#31#']],
    ['*31#', ['=*31#']],
    ['*1234', ['=*1234']],
    ['*12345', ['~*12345']],
    ['*12*', ['~*12*']],
    ['**97', ['~**97']],
    ['97*', ['~97*']],
    ['*', ['~*']],
    ['?', ['~?']],
    ['20?', ['~20?']],
    ['2*-3', ['~2*-3']],
    ['*a', ['~*a']],
    ['*(202)', ['~*(202)']],
    // a `+` that was not encoded
    [' 4930', ['=+4930']],
    [' 4930*', ['~+4930*']],
    [' 4930,204', ['=+4930', '=204']],
    [' 200-299', ['200..299/3']],
    ['202, 204', ['=202', '=+204', '=204']],
    ['202, 300-399', ['=202', '300..399/3']],
    ['202 ,204 ', ['=202', '=204']],
  ])('%j', (text, words) => {
    expect(parseNumberPattern(text).map(word)).toEqual(words);
  });

  test.each([
    ['299-200', 'the range 299-200 is upside down: write 200-299'],
    ['202,299-200', 'the range 299-200 is upside down'],
    ['200-29', 'the range 200-29 needs the same count of digits'],
    ['29-200', 'the range 29-200 needs the same count of digits'],
    [',', 'there is no number'],
    [' ', 'there is no number'],
    [' , ,', 'there is no number'],
    ['2\x000', 'control characters'],
    ['2\n0', 'control characters'],
    ['2\x7f0', 'control characters'],
    ['1'.repeat(65), 'more than 64 characters'],
    [Array(301).fill('1').join(), 'more than 300 numbers'],
  ])('%j is refused', (text, message) => {
    expect(() => parseNumberPattern(text)).toThrow(PatternError);
    expect(() => parseNumberPattern(text)).toThrow(message);
  });

  test('as much as is allowed is read', () => {
    expect(parseNumberPattern(Array(300).fill('1'.repeat(64)).join()).length).toBe(300);
  });
});

test.each([
  ['202', ['202']],
  ['620(202)', ['620', '202']],
  ['*97(202)', ['*97', '202']],
  ['620()', ['620()']],
  ['(202)', ['(202)']],
  ['620(202', ['620(202']],
  ['620(202)x', ['620(202)x']],
  ['1(2)(3)', ['1(2)(3)']],
  ['(1)2(3)', ['(1)2(3)']],
  ['', ['']],
])('%j is shown of %j', (shown, parts) => {
  expect(splitShown(shown)).toEqual(parts);
});

describe('matching', () => {
  test.each([
    // filter, numbers that it shows, numbers that it hides
    ['', '202 620(102) s', ''],
    ['202', '202 620(202) 202(204)', '2020 1202 20 620(2020) 202( +202'],
    ['620', '620 620(102)', '6200 102'],
    ['620(102)', '620(102)', '620 102 620(103) 621(102) 620(102'],
    ['202,204', '202 204 620(204)', '203'],
    ['200-299', '200 250 299 620(202) 202(900)', '199 300 2000 25 0250 2+5 25a 620(300)'],
    ['200-399', '200 399', '2a9'],
    ['600-699', '620(102)', '102'],
    ['1-9', '5', '0 05 15'],
    ['0-9', '0 9', '10 +'],
    ['*97', '*97', '97 1297 **97 *970'],
    ['**97', '*97 97 1297 620(97)', '*970 97a'],
    ['*12*', '12 0123 *12* 620(9129)', '102'],
    ['97*', '97 970 97a', '897'],
    ['20?', '202 20* 620(209)', '20 2020'],
    ['?', '5 s', '55'],
    ['*', '202 620(102) s *97', ''],
    ['6*2', '602 62', '620(202) 6 26'],
    // eight characters long, but no number of eight digits
    ['6???????', '61234567', '620(202)'],
    ['*(202)', '620(202) 820(202)', '202 620(203) 620(1202)'],
    ['620(*', '620(202)', '620'],
    ['6[2]0*', '6[2]01', '620'],
    ['a.c*', 'a.cd', 'abcd'],
    ['Alice', 'Alice', 'alice ALICE'],
    ['*é?', 'aéb aé😀', 'aeb aé'],
    [' 4930', '+4930', '4930'],
    ['1, 204', '+204 204', '04'],
  ])('%j', (filter, shown, hidden) => {
    const patterns = parseNumberPattern(filter);
    const pass = (numbers: string) => numbers.split(' ').filter((number) => matchesNumber(patterns, number));
    expect(pass(shown)).toEqual(shown.split(' '));
    expect(pass(hidden).filter((number) => number !== '')).toEqual([]);
  });

  test('an empty number is found by * alone', () => {
    expect(matchesNumber(parseNumberPattern('*'), '')).toBe(true);
    expect(matchesNumber(parseNumberPattern('?'), '')).toBe(false);
    expect(matchesNumber(parseNumberPattern('0-9'), '')).toBe(false);
  });

  test('a range holds exactly the numbers between its ends', () => {
    const number = fc.integer({ min: 100, max: 999 });
    fc.assert(
      fc.property(number, number, number, (a, b, asked) => {
        const [low, high] = a <= b ? [a, b] : [b, a];
        expect(matchesNumber(parseNumberPattern(`${low}-${high}`), String(asked))).toBe(asked >= low && asked <= high);
      }),
    );
  });

  test('wildcards mean what the same regular expression means', () => {
    const pattern = fc.string({ unit: fc.constantFrom(...'12*?'), minLength: 1, maxLength: 8 });
    const number = fc.string({ unit: fc.constantFrom(...'12*'), maxLength: 8 });
    fc.assert(
      fc.property(pattern, number, (text, shown) => {
        const [parsed] = parseNumberPattern(text);
        fc.pre(parsed?.kind === 'wildcard');
        const expression = new RegExp(`^${text.replaceAll('*', '.*').replaceAll('?', '.')}$`);
        expect(matchesNumber(parseNumberPattern(text), shown)).toBe(expression.test(shown));
      }),
      { numRuns: 1000 },
    );
  });

  test('the order and the repetition of values do not matter', () => {
    const value = fc.constantFrom('202', '200-299', '*7', '62*', '620(202)', '?');
    const shown = fc.constantFrom('202', '250', '*7', '620(202)', '97', 's', '');
    fc.assert(
      fc.property(fc.array(value, { minLength: 1 }), shown, (values, number) => {
        const straight = matchesNumber(parseNumberPattern(values.join()), number);
        const turned = matchesNumber(parseNumberPattern([...values, ...values].reverse().join()), number);
        expect(turned).toBe(straight);
        expect(straight).toBe(values.some((one) => matchesNumber(parseNumberPattern(one), number)));
      }),
    );
  });
});
