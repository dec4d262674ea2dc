/**
 * Where the rows of an endless list stand. A browser draws no element of more than some 16 million pixels, and a million rows
 * have 44: so the list is as high as may be, and shifted under the view. What is scrolled by hand moves pixel by pixel, what
 * is dragged at the scroll bar by its share of the whole.
 */

/** Pixels: what every browser can do (Firefox 17.9, others 33 million). */
export const HEIGHT_MAX = 8_000_000;
/** Of it, what is scrolled between two shifts. */
const PAGE_HEIGHT = 80_000;

export interface Scrolled {
  /** Pixels of the element above the view. */
  readonly top: number;
  /** Pixels that are to be added to these for those of the whole list. */
  readonly shift: number;
}

/** How high the element is. */
export function heightOf(rows: number, rowHeight: number): number {
  return Math.min(rows * rowHeight, HEIGHT_MAX);
}

/**
 * Where the list is after it was scrolled.
 * @param before Where it was. @param top Where the element is now. @param view Height of the view.
 * @returns `top` other than the given one: the element is to be scrolled there, and nothing seen moves by that.
 */
export function scrolledTo(before: Scrolled, top: number, view: number, rows: number, rowHeight: number): Scrolled {
  const whole = rows * rowHeight;
  const height = heightOf(rows, rowHeight);
  if (whole <= height) return { top, shift: 0 };
  const pages = Math.ceil(whole / PAGE_HEIGHT);
  const each = (whole - height) / (pages - 1);
  const shiftOf = (page: number) => Math.round(Math.min(pages - 1, Math.max(0, page)) * each);
  // At the ends nothing may be left over.
  if (top <= 0) return { top, shift: 0 };
  if (top >= height - view - 1) return { top, shift: whole - height };
  if (Math.abs(top - before.top) >= view) {
    const share = top / (height - view);
    return { top, shift: shiftOf(Math.floor((share * (whole - view)) / PAGE_HEIGHT)) };
  }
  const shift = shiftOf(Math.floor((top + before.shift) / PAGE_HEIGHT));
  return shift === before.shift ? { top, shift } : { top: top + before.shift - shift, shift };
}

/** Where the element must be scrolled to so that a pixel of the whole list is the first of the view. */
export function placeOf(pixel: number, view: number, rows: number, rowHeight: number): Scrolled {
  const whole = rows * rowHeight;
  const height = heightOf(rows, rowHeight);
  const wanted = Math.max(0, Math.min(pixel, whole - view));
  if (whole <= height) return { top: wanted, shift: 0 };
  const pages = Math.ceil(whole / PAGE_HEIGHT);
  const each = (whole - height) / (pages - 1);
  const shift =
    wanted === 0
      ? 0
      : wanted >= whole - view - 1
        ? whole - height
        : Math.round(Math.min(pages - 1, Math.floor(wanted / PAGE_HEIGHT)) * each);
  return { top: wanted - shift, shift };
}
