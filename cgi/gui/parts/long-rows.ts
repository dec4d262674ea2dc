/**
 * The rows of an endless list, fetched in stretches where they are looked at and let go where they are no longer. While
 * somebody drags the scroll bar nothing is asked; what has left the view is given up.
 */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type AskError, isAbort } from '../api.ts';

/** Rows of a stretch. */
const STRETCH = 100;
/** Stretches held at most. */
const HELD_MAX = 60;
/** Stretches that are asked for at a time. */
const AT_ONCE = 2;
/** How long the view must stand still before it is asked for, ms. */
const STILL_MS = 60;

export type FetchRows<Row> = (from: number, count: number, signal: AbortSignal) => Promise<readonly Row[]>;

export interface LongRows<Row> {
  /** undefined: not there yet; null: there is none, where the list was believed to be longer. */
  row(index: number): Row | null | undefined;
  /** Says which rows are in view. */
  look(first: number, last: number): void;
  /** Why what is in view can't be had. */
  readonly error: AskError | null;
  /** Asks for it once more. */
  again(): void;
}

/** @param question What is listed: with another one all rows are let go. @param total null: not known; the first are asked for. */
export function useLongRows<Row>(question: string, total: number | null, fetchRows: FetchRows<Row>): LongRows<Row> {
  const [, draw] = useState(0);
  const [error, setError] = useState<AskError | null>(null);
  const state = useRef({
    question,
    held: new Map<number, readonly Row[]>(),
    underWay: new Map<number, AbortController>(),
    first: 0,
    last: 0,
    timer: 0,
    begun: false,
  });
  const fetching = useRef(fetchRows);
  fetching.current = fetchRows;
  const known = useRef(total);
  known.current = total;

  const s = state.current;
  if (s.question !== question) {
    for (const stop of s.underWay.values()) stop.abort();
    s.underWay.clear();
    s.held.clear();
    s.question = question;
    s.first = 0;
    s.last = 0;
    s.begun = false;
  }

  const load = useCallback(() => {
    const now = state.current;
    const end = known.current === null ? 1 : known.current;
    const from = Math.floor(now.first / STRETCH);
    const to = Math.floor(Math.max(now.first, Math.min(now.last, end - 1)) / STRETCH);
    for (const [stretch, stop] of now.underWay)
      if (stretch < from - 1 || stretch > to + 1) {
        stop.abort();
        now.underWay.delete(stretch);
      }
    for (let stretch = from; stretch <= to && stretch * STRETCH < Math.max(end, 1); stretch++) {
      if (now.held.has(stretch) || now.underWay.has(stretch) || now.underWay.size >= AT_ONCE) continue;
      const stop = new AbortController();
      now.underWay.set(stretch, stop);
      const asked = now.question;
      fetching
        .current(stretch * STRETCH, STRETCH, stop.signal)
        .then((rows) => {
          if (stop.signal.aborted || state.current.question !== asked) return;
          now.held.delete(stretch);
          now.held.set(stretch, rows);
          for (const old of now.held.keys()) {
            if (now.held.size <= HELD_MAX) break;
            now.held.delete(old);
          }
          setError(null);
        })
        .catch((failed: unknown) => {
          if (!isAbort(failed) && !stop.signal.aborted) setError(failed as AskError);
        })
        .finally(() => {
          if (now.underWay.get(stretch) === stop) now.underWay.delete(stretch);
          if (stop.signal.aborted) return;
          draw((turn) => turn + 1);
          if (now.held.has(stretch)) load();
        });
    }
  }, []);

  const look = useCallback(
    (first: number, last: number) => {
      const now = state.current;
      const near = now.begun && Math.abs(first - now.first) < STRETCH;
      now.first = first;
      now.last = last;
      clearTimeout(now.timer);
      if (near || !now.begun) {
        now.begun = true;
        load();
      } else now.timer = setTimeout(load, STILL_MS) as unknown as number;
    },
    [load],
  );

  // Another question is asked at once, and a total that has become known lets the rest of the view be asked for.
  useEffect(() => {
    setError(null);
    load();
  }, [question, total, load]);
  useEffect(
    () => () => {
      clearTimeout(state.current.timer);
      for (const stop of state.current.underWay.values()) stop.abort();
    },
    [],
  );

  return {
    row(index) {
      const rows = s.held.get(Math.floor(index / STRETCH));
      return rows && (rows[index % STRETCH] ?? null);
    },
    look,
    error,
    again: () => {
      setError(null);
      load();
    },
  };
}
