/**
 * What the search index found for one listing, on this side of the store: which calls match and where they stand in its
 * order. Ids follow the starts only nearly (a record that came late, an import of old ones), so that only the whole of them
 * can be put in order.
 */
import type { Cursor } from './filter.ts';

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

/** Calls that match, gathered and then put in order. */
export class HitList {
  readonly #keys: number[] = [];
  readonly #ids: number[] = [];

  get size(): number {
    return this.#ids.length;
  }

  /** @param text `KEY.ID` of each, joined by commas. */
  add(text: string): void {
    if (text === '') return;
    for (const hit of text.split(',')) {
      const point = hit.indexOf('.');
      this.#keys.push(Number(hit.slice(0, point)));
      this.#ids.push(Number(hit.slice(point + 1)));
    }
  }

  /** Those behind a cursor, in order. */
  ordered(order: 'asc' | 'desc', after: Cursor | null): Cursor[] {
    const sign = order === 'asc' ? 1 : -1;
    const compare = (a: Cursor, b: Cursor) => sign * (a.key - b.key || a.id - b.id);
    const hits = this.#ids.map((id, index): Cursor => ({ key: this.#keys[index] ?? 0, id }));
    return (after ? hits.filter((hit) => compare(hit, after) > 0) : hits).sort(compare);
  }
}
