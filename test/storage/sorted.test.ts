/** Orders that no index gives: sorted in slices, by as many keys as are held, and found again by their cursor. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SortKeys } from '../../storage/filter.ts';
import { sortSlowly } from '../../storage/sort-slowly.ts';
import { createSorted, SORTED_MAX, type Sorted, type SortedListing, TooManyToSort } from '../../storage/sorted.ts';

describe('sorting in slices', () => {
  test('gives what sorting at once gives, equal ones in their order', () => {
    const items = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 3_000, size: 'max' });
    fc.assert(
      fc.property(items, (keys) => {
        const pairs = keys.map((key, index) => [key, index] as const);
        const sorted = [...pairs];
        for (const _ of sortSlowly(sorted, ([a], [b]) => a - b));
        expect(sorted).toEqual([...pairs].sort(([a], [b]) => a - b));
      }),
      { numRuns: 50 },
    );
  });

  test('stops every few hundred comparisons', () => {
    const items = Array.from({ length: 20_000 }, (_, index) => (index * 7_919) % 20_011);
    let compared = 0;
    let most = 0;
    const steps = sortSlowly(items, (a, b) => {
      compared += 1;
      return a - b;
    });
    for (let step = steps.next(); !step.done; step = steps.next()) {
      most = Math.max(most, compared);
      compared = 0;
    }
    expect(most).toBeLessThan(5_000);
    expect(items.every((item, index) => index === 0 || item >= (items[index - 1] ?? 0))).toBe(true);
  });
});

const LISTING: SortedListing = { filter: { start: {} }, sort: 'duration', order: 'asc', after: null, offset: 0 };

/** The keys of calls 1 to `count`, in two steps. */
async function* keys(count: number, of = (id: number) => id): AsyncGenerator<SortKeys> {
  const pairs = Array.from({ length: count }, (_, index) => [of(index + 1), index + 1]);
  const half = Math.ceil(count / 2);
  yield { pairs: JSON.stringify(pairs.slice(0, half)), next: { key: 1, id: half } };
  yield { pairs: JSON.stringify(pairs.slice(half)), next: null };
}

async function listOf(sorted: Sorted, listing: Partial<SortedListing>, steps: () => AsyncIterable<SortKeys>) {
  const pages = sorted.list({ ...LISTING, ...listing }, steps);
  for (;;) {
    const { done, value } = await pages.next();
    if (done) return { ...value, ids: [...value.ids] };
  }
}

describe('a list in order', () => {
  test('has equal keys newest first, in either direction', async () => {
    const sorted = createSorted();
    const odd = () => keys(6, (id) => id % 2);
    expect((await listOf(sorted, {}, odd)).ids).toEqual([6, 4, 2, 5, 3, 1]);
    expect((await listOf(sorted, { order: 'desc' }, odd)).ids).toEqual([5, 3, 1, 6, 4, 2]);
  });

  test('is found again by its cursor, as it was, until it has been let go', async () => {
    let clock = 0;
    const sorted = createSorted(() => clock);
    const first = await listOf(sorted, {}, () => keys(10));
    const none = () => {
      throw new Error('asked for again');
    };
    const after = { key: first.number, id: 4 };
    expect(await listOf(sorted, { after, offset: 3 }, none)).toEqual({ number: first.number, ids: first.ids, from: 7 });
    // Another question has another list, whatever cursor comes with it.
    expect(await listOf(sorted, { after, order: 'desc' }, () => keys(2))).toMatchObject({ ids: [2, 1], from: 4 });
    clock += 121_000;
    const anew = await listOf(sorted, { after }, () => keys(3));
    expect(anew).toMatchObject({ ids: [1, 2, 3], from: 4 });
    expect(anew.number).not.toBe(first.number);
  });

  test('is held with three others and no more', async () => {
    const sorted = createSorted();
    const first = await listOf(sorted, {}, () => keys(1));
    for (let offset = 0; offset < 4; offset++) await listOf(sorted, {}, () => keys(1));
    let asked = 0;
    await listOf(sorted, { after: { key: first.number, id: 0 } }, () => {
      asked += 1;
      return keys(1);
    });
    expect(asked).toBe(1);
  });

  test('is none where too many match, which is said as soon as it is known', async () => {
    async function* many(): AsyncGenerator<SortKeys> {
      yield* keys(SORTED_MAX + 1);
      throw new Error('asked for more');
    }
    await expect(listOf(createSorted(), {}, many)).rejects.toThrow(TooManyToSort);
    expect((await listOf(createSorted(), {}, () => keys(SORTED_MAX))).ids).toHaveLength(SORTED_MAX);
  });

  test('waits for its turn where two are being made; one that is given up makes room', async () => {
    const sorted = createSorted();
    const under = [0, 1].map(() => sorted.list(LISTING, () => keys(2)));
    for (const pages of under) await pages.next();
    await expect(listOf(sorted, {}, () => keys(2))).rejects.toMatchObject({ code: 'busy' });
    await under[0]?.return(undefined as never);
    expect((await listOf(sorted, {}, () => keys(2))).ids).toEqual([1, 2]);
  });
});
