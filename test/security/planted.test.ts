/** Planted bugs must fit the sources as they are today, or the table would compare with nothing. `make test-security` runs them. */
import { expect, test } from 'vitest';
import { fits, plantedPatches } from './build.ts';
import { ROWS } from './rows.ts';

const patches = await plantedPatches();

test.each(patches)('%s still fits: make it anew where its lines have changed', async (patch) => {
  expect(await fits(patch)).toBe('');
});

test('each belongs to a row, and each row has one at least', () => {
  const rowOf = (patch: string) => patch.slice(0, patch.indexOf('.'));
  expect(new Set(patches.map(rowOf))).toEqual(new Set(ROWS.map(({ name }) => name)));
});
