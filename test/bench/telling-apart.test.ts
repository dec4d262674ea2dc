/** The statistics that say whether log-ins can be told apart, against values that others have worked out. */
import { expect, test } from 'vitest';
import { meanOf, medianOf, telling } from './telling-apart.ts';

test('Welch and Mann-Whitney as tables have them', () => {
  // Worked out by Python's statistics of the same formulas.
  const a = [17.2, 20.9, 22.6, 18.1, 21.7, 21.4, 23.5, 24.2, 14.7, 21.8];
  const b = [
    21.5, 22.8, 21.0, 23.0, 21.6, 23.6, 22.5, 20.7, 23.4, 21.8, 20.7, 21.7, 21.5, 22.5, 23.6, 21.5, 22.5, 23.5, 21.5,
    21.8,
  ];
  const { welch, rank } = telling({ known: a, unknown: b });
  expect(welch.statistic).toBeCloseTo(-1.57, 2);
  expect(welch.p).toBeCloseTo(0.117, 2);
  expect(rank.statistic).toBeCloseTo(-1.103, 3);
  // U = 0 of 3 and 3 that don't overlap: z = -1.964, p 0.0495.
  const apart = telling({ known: [1, 2, 3], unknown: [4, 5, 6] });
  expect(apart.rank.statistic).toBeCloseTo(-1.964, 3);
  expect(apart.rank.p).toBeCloseTo(0.0495, 4);
  const tied = telling({ known: [1, 1, 2, 2], unknown: [1, 2, 2, 3] });
  expect(tied.rank.statistic).toBeCloseTo(-0.949, 3);
});

test('what differs by a tenth of the spread is told apart of ten thousand, and what doesn’t isn’t', () => {
  let seed = 1;
  const chance = () => {
    seed = (seed * 16_807) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const times = (mean: number) =>
    Array.from({ length: 5_000 }, () => mean + Math.sqrt(-2 * Math.log(chance())) * Math.cos(6.283185307 * chance()));
  const same = telling({ known: times(50), unknown: times(50) });
  expect(Math.min(same.welch.p, same.rank.p)).toBeGreaterThan(0.001);
  const other = telling({ known: times(50), unknown: times(50.1) });
  expect(Math.max(other.welch.p, other.rank.p)).toBeLessThan(0.001);
  expect([meanOf([1, 2, 6]), medianOf([1, 2, 6]), medianOf([1, 2, 3, 6])]).toEqual([3, 2, 2.5]);
});
