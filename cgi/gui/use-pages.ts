/**
 * An endless listing by cursor: a page after another, as they are wanted; another question begins anew. How many there are in
 * all is asked for apart: for that everything that matches is looked at, and the first rows are there before.
 */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { ListingEnd } from '../contract.ts';
import { type AskError, ask, isAbort, type Parameters } from './api.ts';

export interface Pages<Row> {
  /** As they came: a page never changes. */
  readonly pages: readonly (readonly Row[])[];
  /** All that match; null: it isn't known yet. */
  readonly total: number | null;
  /** Nothing is behind the last page. */
  readonly whole: boolean;
  readonly busy: boolean;
  readonly error: AskError | null;
  /** Asks for the next page, unless it is on its way already. */
  more(): void;
  /** From the beginning. */
  again(): void;
}

type State<Row> = Omit<Pages<Row>, 'more' | 'again'> & { readonly cursor: string | null };

const BEGIN = { pages: [], total: null, whole: false, busy: true, error: null, cursor: null };

/**
 * @param array The name of the rows in the answer. @param parameters Without `limit` and `cursor`.
 * @param limit Rows of the first page; who goes on gets twice as many at a time.
 */
export function usePages<Row>(number: number, array: string, parameters: Parameters, limit: number): Pages<Row> {
  const [state, setState] = useState<State<Row>>(BEGIN);
  const [turn, setTurn] = useState(0);
  const key = `${number} ${turn} ${JSON.stringify(parameters)}`;
  const latest = useRef({ state, parameters, stop: new AbortController() });
  latest.current.state = state;
  latest.current.parameters = parameters;

  const count = useCallback(
    (stop: AbortController) => {
      ask<Readonly<Record<string, unknown>>>(
        number,
        { ...latest.current.parameters, limit: 1 },
        { signal: stop.signal },
      ).then(
        (answer) => {
          const { totalcount = null } = answer['json_obj_filter'] as ListingEnd;
          setState((before) => ({ ...before, total: totalcount }));
        },
        () => {}, // the rows are there without it; what is wrong they will tell
      );
    },
    [number],
  );
  const load = useCallback(
    (before: State<Row>, stop: AbortController) => {
      setState((now) => ({ ...before, total: before.cursor === null ? null : now.total, busy: true, error: null }));
      const { cursor } = before;
      const part = cursor === null ? { limit } : { limit: 2 * limit, cursor };
      const wanted = { ...latest.current.parameters, ...part, nototal: true };
      ask<Readonly<Record<string, unknown>>>(number, wanted, { signal: stop.signal }).then(
        (answer) => {
          const rows = (answer[array] ?? []) as readonly Row[];
          const end = answer['json_obj_filter'] as ListingEnd;
          const whole = end.cursor === undefined;
          const pages = rows.length > 0 ? [...before.pages, rows] : before.pages;
          const total = whole ? pages.reduce((sum, page) => sum + page.length, 0) : null;
          setState((now) => ({
            ...{ pages, whole, busy: false, error: null, cursor: end.cursor ?? null },
            total: total ?? now.total,
          }));
          if (cursor === null && !whole) count(stop);
        },
        (error: unknown) => {
          if (!isAbort(error))
            setState((now) => ({ ...before, total: now.total, busy: false, error: error as AskError }));
        },
      );
    },
    [number, array, limit, count],
  );

  // `key` is the whole question.
  useEffect(() => {
    const stop = new AbortController();
    latest.current.stop = stop;
    load(BEGIN, stop);
    return () => stop.abort();
  }, [key, load]);

  const more = useCallback(() => {
    const { state: now, stop } = latest.current;
    if (!now.busy && !now.whole) load(now, stop);
  }, [load]);
  const again = useCallback(() => setTurn((before) => before + 1), []);
  return { ...state, more, again };
}
