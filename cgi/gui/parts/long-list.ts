/**
 * Where the rows of an endless list stand. A browser draws no element of more than some 16 million pixels, and a million rows
 * have 44: so the list is as high as may be, and shifted under the view. What is scrolled by hand moves pixel by pixel, what
 * is dragged at the scroll bar by its share of the whole.
 */

/** Pixels: what every browser can do (Firefox 17.9, others 33 million). */
export const HEIGHT_MAX = 8_000_000;
/** Of the whole, what is scrolled between two shifts, at most. */
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
 * The list in equal pages, each with a shift of its own: from the first pixel to the last that can be the first of the view,
 * places of the element follow within what it can be scrolled to. What is scrolled by hand so reaches every pixel, and a
 * page's end before the element's.
 */
function pagesOf(view: number, rows: number, rowHeight: number) {
  const whole = rows * rowHeight;
  const height = heightOf(rows, rowHeight);
  const pages = Math.ceil((whole - view) / PAGE_HEIGHT);
  const pageHeight = (whole - view) / pages;
  const each = (whole - height) / (pages - 1);
  /** @param pixel Of the whole list, the first of the view. */
  const shiftAt = (pixel: number) =>
    Math.round(Math.min(pages - 1, Math.max(0, Math.floor(pixel / pageHeight))) * each);
  return { whole, height, shiftAt };
}

/**
 * Where the list is after it was scrolled.
 * @param before Where it was. @param top Where the element is now. @param view Height of the view.
 * @returns `top` other than the given one: the element is to be scrolled there, and nothing seen moves by that.
 */
export function scrolledTo(before: Scrolled, top: number, view: number, rows: number, rowHeight: number): Scrolled {
  const { whole, height, shiftAt } = pagesOf(view, rows, rowHeight);
  if (whole <= height) return { top, shift: 0 };
  // At the ends nothing may be left over.
  if (top <= 0) return { top, shift: 0 };
  if (top >= height - view - 1) return { top, shift: whole - height };
  if (Math.abs(top - before.top) >= view) return { top, shift: shiftAt((top / (height - view)) * (whole - view)) };
  const shift = shiftAt(top + before.shift);
  return shift === before.shift ? { top, shift } : { top: top + before.shift - shift, shift };
}

/** Where the element must be scrolled to so that a pixel of the whole list is the first of the view. */
export function placeOf(pixel: number, view: number, rows: number, rowHeight: number): Scrolled {
  const { whole, height, shiftAt } = pagesOf(view, rows, rowHeight);
  const wanted = Math.max(0, Math.min(pixel, whole - view));
  if (whole <= height) return { top: wanted, shift: 0 };
  const shift = wanted >= whole - view - 1 ? whole - height : shiftAt(wanted);
  return { top: wanted - shift, shift };
}
