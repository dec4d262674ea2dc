/** Quantiles, and the exponent of growth: of laws that are known, it is what it must be. */
import { expect, test } from 'vitest';
import { exponent, growthWord, isSettled, quantile, spreadOf } from './arithmetic.ts';

test('a quantile is one of the values, the smallest that so many do not exceed', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  expect([0, 0.01, 0.5, 0.99, 0.995, 1].map((q) => quantile(hundred, q))).toEqual([1, 1, 50, 99, 100, 100]);
  expect(quantile([7], 0.5)).toBe(7);
  expect(quantile([], 0.5)).toBeNaN();
});

test('rounds are settled when there are five and the middle half of them agrees, whatever one of them did', () => {
  expect(isSettled([100, 101, 100, 102])).toBe(false);
  expect(isSettled([100, 101, 100, 102, 300])).toBe(true);
  expect(isSettled([100, 101, 108, 112, 120])).toBe(false);
  expect(isSettled([100, 101, 108, 112, 120, 101, 102, 101, 102])).toBe(false);
  expect(isSettled([100, 101, 104, 102, 120, 101, 102, 101, 102])).toBe(true);
  expect(isSettled([])).toBe(false);
});

test('a spread needs no order', () => {
  expect(spreadOf([9, 1, 5])).toEqual({ median: 5, min: 1, max: 9 });
});

test('the exponent of a power law is its own', () => {
  const sizes = [1e4, 1e5, 1e6, 1e7];
  const of = (cost: (size: number) => number) => exponent(sizes.map((size) => [size, cost(size)] as const));
  expect(of((size) => 3 * size)).toBeCloseTo(1, 10);
  expect(of(() => 12)).toBeCloseTo(0, 10);
  expect(of((size) => Math.sqrt(size))).toBeCloseTo(0.5, 10);
  expect(of((size) => Math.log2(size))).toBeCloseTo(0.08, 2);
  expect(exponent([[1e4, 1]])).toBeNaN();
});

test('growth has a word', () => {
  const words = [Number.NaN, -0.3, 0.01, 0.08, 0.5, 1, 1.3].map(growthWord);
  expect(words).toEqual(['unknown', 'flat', 'flat', 'log', 'between', 'linear', 'worse']);
});
