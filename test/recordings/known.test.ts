/** The text in which a folder of the index crosses to the worker. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { dayBefore, newestFirst, parseKnown } from '../../daemon/recordings/known.ts';

const name = fc.string({ minLength: 1, unit: fc.constantFrom('a', '7', '-', '\t', '\n', 'é', '*', '.wav') });

it('reads back every name that does not forge a line, newlines and tabs included', () => {
  const forged = /\t\d+\t-?\d+(\n|$)/;
  const fair = name.filter((text) => !forged.test(text));
  fc.assert(
    fc.property(fc.uniqueArray(fair, { maxLength: 8 }), (names) => {
      const text = names.map((each, n) => `${each}\t${n}\t${1_700_000_000_000 + n}`).join('\n');
      const known = parseKnown(text);
      expect(known.size).toBe(names.length);
      for (const [n, each] of names.entries()) expect(known.isSame(each, n, 1_700_000_000_000 + n)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

it('loses no other line to a name that forges one', () => {
  const known = parseKnown('a\t1\t2\nb.wav\t3\t4\nc.wav\t5\t6');
  expect(known.isSame('c.wav', 5, 6)).toBe(true);
});

it('takes nothing for nothing', () => {
  expect(parseKnown('').size).toBe(0);
});

it.each([
  ['20260301', '20260228'],
  ['20240301', '20240229'],
  ['20260101', '20251231'],
  ['today', ''],
])('the day before %s is %s', (day, before) => {
  expect(dayBefore(day)).toBe(before);
});

it('puts the newest day first, other names after the days, the root last', () => {
  expect(newestFirst(['', '20250101', 'old', '20260102', 'x', '20260101'])).toEqual([
    '20260102',
    '20260101',
    '20250101',
    'x',
    'old',
    '',
  ]);
});
