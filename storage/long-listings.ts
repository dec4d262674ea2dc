/**
 * A bound on listings of several pages. Each holds a page and the next one for as long as its reader takes, and a reader
 * may be stuck; one that fits in its first page has nothing more to hold, so a short answer is never refused.
 */
import { StoreError } from './errors.ts';
import type { Page } from './filter.ts';

/** What of a page says how long its listing is. */
type Told = Pick<Page, 'rows' | 'next'>;

/**
 * As many as files that are read at a time, and as much: two pages of some 256 KB each, 16 MB in all beside what the
 * collector of garbage has not come to. A reader that takes nothing is dropped after a minute by the listener.
 */
export const LONG_LISTINGS_MAX = 32;

export interface LongListings {
  /**
   * Passes a listing's pages on. Its place is free again when its iteration ends, in whatever way.
   * @param limit Rows wanted of it.
   * @throws {StoreError} `busy` in the place of its first rows, when there are more behind them and no place is free.
   */
  bound<Pages extends Told>(pages: AsyncIterable<Pages>, limit: number): AsyncGenerator<Pages>;
}

export function createLongListings(max = LONG_LISTINGS_MAX): LongListings {
  let count = 0;
  return {
    async *bound<Pages extends Told>(pages: AsyncIterable<Pages>, limit: number) {
      let rows = 0;
      let isLong = false;
      try {
        for await (const page of pages) {
          rows += page.rows;
          if (!isLong && page.rows > 0 && page.next && rows < limit) {
            if (count >= max) throw new StoreError('busy', `${max} long listings are being read already`);
            count += 1;
            isLong = true;
          }
          yield page;
        }
      } finally {
        if (isLong) count -= 1;
      }
    },
  };
}
