/**
 * How many calls have come since the list was asked for: looked at every few seconds, while somebody is there to see it. The
 * list itself stays as it is until they are asked for.
 */
import { useEffect, useState } from 'preact/hooks';
import type { CallGone, CallList, CallRow } from '../../contract.ts';
import { ask, type Parameters } from '../api.ts';

const LIST = 9006;
const EVERY_MS = 8_000;
/** So long after the last key or pointer nobody is there: asking on would keep a session alive that should end by itself. */
const AWAY_MS = 10 * 60_000;
/** Told at most. */
export const FRESH_MAX = 99;

let lastInput = Date.now();
const noteInput = () => {
  lastInput = Date.now();
};
for (const kind of ['keydown', 'pointerdown', 'pointermove', 'scroll'])
  addEventListener(kind, noteInput, { passive: true, capture: true });

/** @param key What is listed; with another one the count begins anew. @param filter null: nothing can come. */
export function useFresh(key: string, filter: Parameters | null): number {
  const [fresh, setFresh] = useState(0);
  const asked = filter && JSON.stringify(filter);
  // Asked by the filter's content: the filter itself is another one each time.
  useEffect(() => {
    setFresh(0);
    if (filter === null) return;
    const stop = new AbortController();
    let since: number | null = null;
    let timer = 0;
    const look = async () => {
      timer = setTimeout(look, EVERY_MS) as unknown as number;
      if (document.hidden || Date.now() - lastInput > AWAY_MS) return;
      try {
        if (since === null) since = await newest(stop.signal);
        else setFresh(await changedSince(filter, since, stop.signal));
      } catch {
        // Told by whatever else is asked; this looks again.
      }
    };
    void look();
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [key, asked]);
  return fresh;
}

/** The newest change of any call. */
async function newest(signal: AbortSignal): Promise<number> {
  const answer = await ask<CallList<CallRow | CallGone>>(
    LIST,
    { since: 0, order: 'desc', limit: 1, nototal: true },
    { signal },
  );
  return Number(answer.json_array_astcdrs[0]?.changed ?? 0);
}

async function changedSince(filter: Parameters, since: number, signal: AbortSignal): Promise<number> {
  const answer = await ask<CallList<CallRow | CallGone>>(
    LIST,
    { ...filter, since, limit: FRESH_MAX + 1, nototal: true },
    { signal },
  );
  return answer.json_array_astcdrs.filter((row) => !('removed' in row)).length;
}
