/** The geometry of endless lists: what is scrolled by hand moves as far as the hand did, whatever the list is shrunk by. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HEIGHT_MAX, heightOf, placeOf, type Scrolled, scrolledTo } from '../../cgi/gui/parts/long-list.ts';

const ROW = 44;
const VIEW = 700;
const rows = fc.integer({ min: 20, max: 3_000_000 });
const pixel = ({ top, shift }: Scrolled) => top + shift;

describe('an endless list', () => {
  test('is as high as its rows, until that is more than browsers draw', () => {
    expect(heightOf(1_000, ROW)).toBe(44_000);
    expect(heightOf(1_000_000, ROW)).toBe(HEIGHT_MAX);
  });

  test('moves by small steps as far as it was scrolled, from any place', () => {
    fc.assert(
      fc.property(
        rows,
        fc.nat(),
        fc.array(fc.integer({ min: -600, max: 600 }), { minLength: 1 }),
        (count, from, steps) => {
          const whole = count * ROW;
          const height = heightOf(count, ROW);
          let at = placeOf(from % whole, VIEW, count, ROW);
          for (const step of steps) {
            const top = at.top + step;
            // At its ends a browser stops, and the list with it: that is where the list has ended, and nowhere else.
            if (top <= 0) expect(pixel(at) + step).toBeLessThanOrEqual(0);
            if (top >= height - VIEW - 1) expect(pixel(at) + step).toBeGreaterThanOrEqual(whole - VIEW - 1);
            if (top <= 0 || top >= height - VIEW - 1) return;
            const next = scrolledTo(at, top, VIEW, count, ROW);
            expect(pixel(next)).toBe(pixel(at) + step);
            at = next;
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test('shows any row that is asked for, and both ends', () => {
    fc.assert(
      fc.property(rows, fc.nat(), (count, index) => {
        const wanted = (index % count) * ROW;
        const at = placeOf(wanted, VIEW, count, ROW);
        expect(pixel(at)).toBe(Math.min(wanted, Math.max(0, count * ROW - VIEW)));
        expect(at.top).toBeGreaterThanOrEqual(0);
        expect(at.top).toBeLessThanOrEqual(Math.max(0, heightOf(count, ROW) - VIEW));
      }),
    );
  });

  test('is left at its end as it was come to, row by row, however many there are', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 2, max: 600 }), (count, step) => {
        const whole = count * ROW;
        let at = placeOf(whole, VIEW, count, ROW);
        for (let moved = step; moved < 90_000 && moved < whole - VIEW; moved += step) {
          at = scrolledTo(at, at.top - step, VIEW, count, ROW);
          expect(pixel(at)).toBe(whole - VIEW - moved);
          expect(at.top).toBeLessThan(heightOf(count, ROW) - VIEW);
        }
      }),
    );
  });

  test('shows a row that stood beyond what the element can be scrolled to', () => {
    const at = placeOf(704_234 * ROW, VIEW, 705_599, ROW);
    expect(pixel(at)).toBe(704_234 * ROW);
    expect(at.top).toBeLessThanOrEqual(HEIGHT_MAX - VIEW);
  });

  test('is dragged by its share of the whole, up to the very ends', () => {
    fc.assert(
      fc.property(rows, fc.double({ min: 0, max: 1, noNaN: true }), (count, share) => {
        const room = heightOf(count, ROW) - VIEW;
        fc.pre(room > 3 * VIEW);
        const from: Scrolled =
          share < 0.5 ? { top: room, shift: count * ROW - heightOf(count, ROW) } : { top: 0, shift: 0 };
        const at = scrolledTo(from, Math.round(share * room), VIEW, count, ROW);
        const expected = share * (count * ROW - VIEW);
        expect(Math.abs(pixel(at) - expected)).toBeLessThanOrEqual(80_000 * Math.max(1, (count * ROW) / HEIGHT_MAX));
      }),
    );
    const end = scrolledTo({ top: 0, shift: 0 }, HEIGHT_MAX - VIEW, VIEW, 1_000_000, ROW);
    expect(pixel(end)).toBe(44_000_000 - VIEW);
    expect(pixel(scrolledTo(end, 0, VIEW, 1_000_000, ROW))).toBe(0);
  });
});
