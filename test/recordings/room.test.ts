/** Files in rooms of memory: whatever their sizes and margins are and however much each step reads, every byte has its place. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BATCH_FILES } from '../../daemon/recordings/limits.ts';
import { createPlanner, type Wanted } from '../../daemon/recordings/room.ts';

const ROOM = 64;

/** Reads as the worker does, at most `most(step)` bytes a step and at least one. @returns what the pieces held, margins marked. */
function read(
  sizes: readonly number[],
  margins: readonly (readonly [number, number])[],
  most: (step: number) => number,
) {
  const marginsOf = (index: number) => ({ before: margins[index]?.[0] ?? 0, after: margins[index]?.[1] ?? 0 });
  const wanted = sizes.map((size, n): Wanted => {
    const file = { path: `${n}.wav`, size, mtimeMs: 0, place: '' };
    return { file, from: 0, end: size };
  });
  const planner = createPlanner(wanted, marginsOf, ROOM);
  let text = '';
  let steps = 0;
  for (let plan = planner.plan(); plan; plan = planner.plan()) {
    if (++steps > 10_000) throw new Error('it has no end');
    const room = Buffer.alloc(ROOM, '?');
    let left = Math.max(1, most(steps));
    let filled = 0;
    for (const { file, from, at, length } of plan.stretches) {
      expect(at + length).toBeLessThanOrEqual(ROOM);
      const got = Math.min(length, left);
      for (let n = 0; n < got; n++) room.write(byteOf(file.path, from + n), at + n, 'latin1');
      filled += got;
      left -= got;
      if (got < length) break;
    }
    const own = new ArrayBuffer(ROOM);
    new Uint8Array(own).set(room);
    const { bytes, parts } = plan.filled(own, filled);
    for (const { index, at, length, first, last } of parts) {
      const { before, after } = marginsOf(index);
      if (first) bytes.fill(0x3c, at - before, at); // <
      if (last) bytes.fill(0x3e, at + length, at + length + after); // >
    }
    text += Buffer.from(bytes).toString('latin1');
  }
  return { text, steps };
}

const byteOf = (path: string, at: number) => String.fromCharCode(97 + ((Number.parseInt(path, 10) * 7 + at) % 26));

function wholeOf(sizes: readonly number[], margins: readonly (readonly [number, number])[]): string {
  return sizes
    .map((size, n) => {
      const bytes = Array.from({ length: size }, (_, at) => byteOf(`${n}.wav`, at)).join('');
      return '<'.repeat(margins[n]?.[0] ?? 0) + bytes + '>'.repeat(margins[n]?.[1] ?? 0);
    })
    .join('');
}

test('small files share a room, and a large one goes over several', () => {
  const sizes = [10, 10, 10, 150, 0, 5];
  const margins = sizes.map(() => [4, 2] as const);
  const { text, steps } = read(sizes, margins, () => ROOM);
  expect(text).toBe(wholeOf(sizes, margins));
  expect(steps).toBe(4);
});

test('so many empty files at a time that a message stays small', () => {
  const sizes = Array<number>(BATCH_FILES * 2 + 1).fill(0);
  const { text, steps } = read(
    sizes,
    sizes.map(() => [0, 0] as const),
    () => ROOM,
  );
  expect([text, steps]).toEqual(['', 3]);
});

test('margins that no room holds are an error, never an archive that ends early', () => {
  expect(() =>
    read(
      [5, 5],
      [
        [4, 4],
        [40, 40],
      ],
      () => ROOM,
    ),
  ).toThrow('no room');
});

test('every byte and every margin once and in order, however little a step reads', () => {
  const margin = fc.tuple(fc.nat(20), fc.nat(20));
  const file = fc.tuple(fc.oneof(fc.nat(3), fc.nat(300)), margin);
  fc.assert(
    fc.property(
      fc.array(file, { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: ROOM }), { minLength: 1 }),
      (files, most) => {
        const sizes = files.map(([size]) => size);
        const margins = files.map(([, both]) => both);
        expect(read(sizes, margins, (step) => most[step % most.length] ?? 1).text).toBe(wholeOf(sizes, margins));
      },
    ),
    { numRuns: 500 },
  );
});
