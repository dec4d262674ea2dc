/** How much the next step of a long question looks at, by how long the last one took and how much it gave. */

/** Aim of one step, ms; none may hold the store for over 20 ms. */
const STEP_AIM_MS = 10;
/** Aim of a page's size, bytes: larger ones cost memory for every client, smaller ones a message each. */
const PAGE_BYTES = 262_144;

export interface Pace {
  /** Rows that the next step looks at. */
  readonly scan: number;
  took(ms: number, bytes?: number): void;
}

export function createPace({ first, min, max }: { readonly [Name in 'first' | 'min' | 'max']: number }): Pace {
  let scan = first;
  return {
    get scan() {
      return scan;
    },
    took(ms, bytes = 0) {
      const factor = Math.min(4, STEP_AIM_MS / Math.max(ms, 0.1), PAGE_BYTES / Math.max(bytes, 1));
      scan = Math.round(Math.max(min, Math.min(max, scan * factor)));
    },
  };
}
