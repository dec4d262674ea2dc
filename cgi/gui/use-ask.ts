/** What a part of a page shows of an answer: on its way, there, or failed; asked anew when its question changes. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type AskError, ask, isAbort, type Parameters } from './api.ts';

export interface Asked<Answer> {
  /** The latest answer; it stays while a newer one is on its way, or has failed. */
  readonly answer: Answer | null;
  /** Why the latest question has none. */
  readonly error: AskError | null;
  /** A question is on its way. */
  readonly busy: boolean;
  /** Asks once more. */
  again(): void;
}

/** @param parameters null: nothing is asked for now. A question that was overtaken is given up. */
export function useAsk<Answer>(number: number, parameters: Parameters | null = {}): Asked<Answer> {
  const [state, setState] = useState<Omit<Asked<Answer>, 'again'>>({
    answer: null,
    error: null,
    busy: parameters !== null,
  });
  const [turn, setTurn] = useState(0);
  const key = parameters === null ? null : `${number} ${JSON.stringify(parameters)}`;
  const latest = useRef(parameters);
  latest.current = parameters;

  // `key` is the parameters' content, `turn` asks once more.
  useEffect(() => {
    const asked = latest.current;
    if (asked === null) {
      setState((before) => ({ ...before, busy: false }));
      return;
    }
    const stop = new AbortController();
    setState((before) => ({ ...before, busy: true }));
    ask<Answer>(number, asked, { signal: stop.signal }).then(
      (answer) => setState({ answer, error: null, busy: false }),
      (error: unknown) => {
        if (!isAbort(error)) setState((before) => ({ ...before, error: error as AskError, busy: false }));
      },
    );
    return () => stop.abort();
  }, [key, turn]);

  const again = useCallback(() => setTurn((before) => before + 1), []);
  return { ...state, again };
}
