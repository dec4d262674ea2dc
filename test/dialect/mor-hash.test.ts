/** The hash of MOR's API: the public vector, what counts and in which order, and what is taken. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isHash, morHash } from '../../cgi/dialect/mor/hash.ts';

const taken = (sent: string, values: (string | undefined)[], bare = false, secret = '123456') =>
  isHash(sent, values, { secret, bare });

test('the vector of the public rule', () => {
  expect(morHash(['123', '1252454580', 'answered'], 'Very Sercet Key')).toBe(
    'b93c35d5c6183288322122561a3da7e09abb63b7',
  );
  expect(morHash(['1231252454580answered'], 'Very Sercet Key')).toBe('b93c35d5c6183288322122561a3da7e09abb63b7');
});

test("the document's own example is the hash of the secret alone, and is taken only when asked for", () => {
  const sample = '7c4a8d09ca3762af61e59520943dc26494f8941b';
  const values = ['1514851199', '1546300800', '5'];
  expect(morHash([], '123456')).toBe(sample);
  expect(taken(sample, values)).toBe(false);
  expect(taken(sample, values, true)).toBe(true);
  expect(taken(morHash(values, '123456'), values, true)).toBe(true);
});

test.each<[string, (string | undefined)[], (string | undefined)[], boolean]>([
  ['the same values', ['1', '2', '5'], ['1', '2', '5'], true],
  ['one that was not given counts for nothing', [undefined, undefined, '5'], ['5'], true],
  ['another order', ['2', '1', '5'], ['1', '2', '5'], false],
  ['another value', ['1', '2', '5'], ['1', '2', '6'], false],
])('%s', (_, asked, hashed, expected) => {
  expect(taken(morHash(hashed, '123456'), asked)).toBe(expected);
  expect(taken(morHash(hashed, '123456').toUpperCase(), asked)).toBe(expected);
});

test('nothing but the hash is taken', () => {
  fc.assert(
    fc.property(fc.string(), fc.array(fc.option(fc.string(), { nil: undefined }), { maxLength: 3 }), (sent, values) => {
      fc.pre(sent.toLowerCase() !== morHash(values, '123456'));
      expect(taken(sent, values)).toBe(false);
    }),
  );
});
