/** A list that is loaded part by part, as one comes to its end: each answer says how to ask for the next part. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type AskError, ask, isAbort, type Parameters } from './api.ts';

export interface More<Answer, Row> {
  readonly rows: readonly Row[];
  /** The latest answer. */
  readonly answer: Answer | null;
  /** There is more behind the rows. */
  readonly more: boolean;
  readonly error: AskError | null;
  readonly busy: boolean;
  /** The next part; after a failure the same one again. */
  load(): void;
  /** All of it anew, from its beginning. */
  again(): void;
}

export interface Reading<Answer, Row> {
  rows(answer: Answer): readonly Row[];
  /** Parameters of the next part, over those of the first; null: there is none. */
  next(answer: Answer): Parameters | null;
}

interface State<Answer, Row> {
  readonly rows: readonly Row[];
  readonly answer: Answer | null;
  readonly next: Parameters | null;
  readonly error: AskError | null;
  readonly busy: boolean;
}

/** @param parameters null: nothing is listed now. Others begin a new list. */
export function useMore<Answer, Row>(
  number: number,
  parameters: Parameters | null,
  reading: Reading<Answer, Row>,
): More<Answer, Row> {
  const nothing: State<Answer, Row> = { rows: [], answer: null, next: {}, error: null, busy: parameters !== null };
  const [state, setState] = useState(nothing);
  const [turn, setTurn] = useState(0);
  const stop = useRef(new AbortController());
  const read = useRef(reading);
  read.current = reading;
  const key = parameters === null ? null : JSON.stringify(parameters);

  const part = useCallback(
    (from: Parameters, isFirst: boolean) => {
      stop.current.abort();
      if (key === null) return;
      stop.current = new AbortController();
      setState((now) => ({ ...(isFirst ? { ...nothing, answer: now.answer } : now), busy: true, error: null }));
      ask<Answer>(number, { ...(JSON.parse(key) as Parameters), ...from }, { signal: stop.current.signal }).then(
        (answer) =>
          setState((now) => ({
            rows: isFirst ? read.current.rows(answer) : [...now.rows, ...read.current.rows(answer)],
            answer,
            next: read.current.next(answer),
            error: null,
            busy: false,
          })),
        (error: unknown) => {
          if (!isAbort(error)) setState((now) => ({ ...now, error: error as AskError, busy: false }));
        },
      );
    },
    [number, key],
  );
  useEffect(() => {
    part({}, true);
    return () => stop.current.abort();
  }, [part, turn]);

  const { rows, answer, next, error, busy } = state;
  return {
    rows,
    answer,
    more: next !== null,
    error,
    busy,
    load: () => next !== null && part(next, rows.length === 0),
    again: useCallback(() => setTurn((before) => before + 1), []),
  };
}
