/** Which stored row a folded one is: ids stay, and what nobody claims is left over. */
import { describe, expect, test } from 'vitest';
import { pairMoved, pairRows } from '../../storage/model/pair.ts';

const stored = (...anchors: number[]) => anchors.map((anchor, index) => ({ id: index + 1, anchor }));
const folded = (...anchors: number[]) => anchors.map((anchor) => ({ anchor }));

/** Ids in the order of the folded rows, null where a row is new; then the ids left over. */
function pair(old: ReturnType<typeof stored>, rows: ReturnType<typeof folded>) {
  const { pairs, left } = pairRows(old, rows);
  expect(pairs.map(([, row]) => row)).toEqual(rows); // each folded row once, in order
  return [pairs.map(([each]) => each?.id ?? null), left.map(({ id }) => id)];
}

describe('pairRows', () => {
  test.each([
    ['nothing', [], [], [], []],
    ['the first row is new', [], [7], [null], []],
    ['the same again', [7], [7], [1], []],
    ['another anchor: the one row stays the same row', [7], [9], [1], []],
    ['a second talk: the first keeps its id', [7], [7, 9], [1, null], []],
    ['an earlier talk arrives late: it is the new one', [7], [5, 7], [null, 1], []],
    ['rows change places', [7, 9], [9, 7], [2, 1], []],
    ['one anchor stays, the other row takes what is free', [7, 9], [5, 9], [1, 2], []],
    ['the try that made a row is folded into two talks', [3], [7, 9], [1, null], []],
    ['rows are too many', [7, 9, 11], [9], [2], [1, 3]],
    ['all go', [7, 9], [], [], [1, 2]],
  ])('%s', (_, old, rows, ids, left) => {
    expect(pair(stored(...old), folded(...rows))).toEqual([ids, left]);
  });

  test('the lists it was given stay as they were', () => {
    const old = Object.freeze(stored(7, 9));
    pairRows(old, Object.freeze(folded(9)));
    expect(old.map(({ id }) => id)).toEqual([1, 2]);
  });
});

describe('pairMoved', () => {
  const row = (id: number, anchor: number) => ({ id, anchor });
  const idsOf = (pairs: readonly (readonly [{ id: number } | null, unknown])[]) =>
    pairs.map(([old]) => old?.id ?? null);
  type Side = { stored: { id: number; anchor: number }[]; folded: { anchor: number }[] };

  test.each<[string, Side, Side, (number | null)[], (number | null)[], number[]]>([
    [
      'the only leg goes: its row goes with it',
      { stored: [row(1, 7)], folded: [] },
      { stored: [], folded: folded(7) },
      ...[[], [1], []],
    ],
    [
      'it joins a call that has its row: of two rows for one the moved anchor decides',
      { stored: [row(1, 7)], folded: [] },
      { stored: [row(2, 5)], folded: folded(7) },
      ...[[], [1], [2]],
    ],
    [
      'it lends its time to the other row: its own goes',
      { stored: [row(1, 7)], folded: [] },
      { stored: [row(2, 5)], folded: folded(5) },
      ...[[], [2], [1]],
    ],
    [
      'both calls keep a row',
      { stored: [row(1, 7), row(3, 9)], folded: folded(9) },
      { stored: [row(2, 5)], folded: folded(5, 7) },
      ...[[3], [2, 1], []],
    ],
    [
      'the row whose anchor went is not given to what stayed',
      { stored: [row(1, 7)], folded: folded(8) },
      { stored: [], folded: folded(7) },
      ...[[null], [1], []],
    ],
    [
      'a row that nobody needs where it was serves the call that was joined',
      { stored: [row(1, 7)], folded: [] },
      { stored: [], folded: folded(6) },
      ...[[], [1], []],
    ],
    [
      'but after those of that call itself',
      { stored: [row(1, 7)], folded: [] },
      { stored: [row(2, 5)], folded: folded(6) },
      ...[[], [2], [1]],
    ],
  ] as never)('%s', (_, left, joined, stayed, moved, over) => {
    const result = pairMoved(left, joined);
    expect([idsOf(result.left), idsOf(result.joined), result.over.map(({ id }) => id)]).toEqual([stayed, moved, over]);
  });
});
