/**
 * Calls that a search found, on this side of the store: which they are and where they stand in a listing's order. Ids
 * follow the starts only nearly (a record that came late, an import of old ones), and numbers not at all, so that only the
 * whole of them can be put in order.
 */
import type { Bounds, Cursor } from './filter.ts';

/** Takes up to so many ids off the front at a time. @param ids Joined by commas. */
export function slicesOf(ids: string): { readonly done: boolean; next(count: number): string } {
  let from = 0;
  return {
    get done() {
      return from >= ids.length;
    },
    next(count) {
      let to = from - 1;
      for (let taken = 0; taken < count && to < ids.length; taken++) {
        const comma = ids.indexOf(',', to + 1);
        to = comma < 0 ? ids.length : comma;
      }
      const slice = ids.slice(from, to);
      from = to + 1;
      return slice;
    },
  };
}

export interface HitsWanted {
  readonly order: 'asc' | 'desc';
  /** Those behind it are wanted alone; null: all. */
  readonly after: Cursor | null;
  /** So many of the first in order. */
  readonly most: number;
  /** Some may come twice. */
  readonly twice: boolean;
}

interface IdSet {
  /** @returns whether it is new. */
  add(id: number): boolean;
}

/** Ids of one of its pieces: a bit each, 8 KB. */
const PIECE = 65_536;

/** Ids run from 1 to how many calls there are, so that a bit for each is little: 125 KB in a million. */
function createIdSet(): IdSet {
  const pieces = new Map<number, Uint8Array>();
  return {
    add(id) {
      const number = Math.floor(id / PIECE);
      const piece = pieces.get(number) ?? new Uint8Array(PIECE / 8);
      pieces.set(number, piece);
      const place = id % PIECE;
      const [byte, bit] = [place >> 3, 1 << (place & 7)];
      const known = piece[byte] ?? 0;
      piece[byte] = known | bit;
      return (known & bit) === 0;
    },
  };
}

/** Of those that nobody wants, so many are held before they are let go. */
const SLACK = 200;

/** Calls that match, gathered and then put in order. */
export class HitList {
  #hits: Cursor[] = [];
  readonly #wanted: HitsWanted;
  readonly #compare: (a: Cursor, b: Cursor) => number;
  readonly #seen: IdSet | null;
  /** The key behind which none is wanted any more, of as many as are. */
  #last: number | null = null;
  #total = 0;

  constructor(wanted: HitsWanted) {
    const sign = wanted.order === 'asc' ? 1 : -1;
    this.#wanted = wanted;
    this.#compare = (a, b) => sign * (a.key - b.key || a.id - b.id);
    this.#seen = wanted.twice ? createIdSet() : null;
  }

  /** Calls that match, wanted or not. */
  get total(): number {
    return this.#total;
  }

  /** Calls that are held. */
  get size(): number {
    return this.#hits.length;
  }

  /** So many are known already that few of those to come are of use. */
  get isNarrow(): boolean {
    return !this.#seen && this.#last !== null;
  }

  /** Keys of the calls whose names are of use; the others need to be counted only. */
  get named(): Bounds {
    const { order, after } = this.#wanted;
    if (this.#seen) return {};
    const [first, last] = [after?.key, this.#last ?? undefined];
    const [from, to] = order === 'asc' ? [first, last] : [last, first];
    return { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
  }

  /** @param text `KEY.ID` of each, joined by commas. @param rows Calls found, named or not; absent: all are named. */
  add(text: string, rows?: number): void {
    const hits = text === '' ? [] : text.split(',');
    if (!this.#seen) this.#total += rows ?? hits.length;
    const { after, most } = this.#wanted;
    for (const hit of hits) {
      const point = hit.indexOf('.');
      const found = { key: Number(hit.slice(0, point)), id: Number(hit.slice(point + 1)) };
      if (this.#seen) {
        if (!this.#seen.add(found.id)) continue;
        this.#total += 1;
      }
      if (!after || this.#compare(found, after) > 0) this.#hits.push(found);
    }
    if (this.#hits.length < most + SLACK) return;
    this.#hits = this.ordered();
    this.#last = this.#hits.at(-1)?.key ?? null;
  }

  /** Those wanted, in order. */
  ordered(): Cursor[] {
    return this.#hits.sort(this.#compare).slice(0, this.#wanted.most);
  }
}
