/**
 * The rows of a filter from whatever place: the first at once, then how many there are, with marks along them (30052) from
 * which each is near. A newer filter gives up what an older one has asked.
 */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { CallList, CallMark, CallRow } from '../../contract.ts';
import { AskError, ask, isAbort, type Parameters, request } from '../api.ts';

export interface Calls {
  /** Rows as far as is known; null: nothing is. */
  readonly total: number | null;
  /** That is all of them. */
  readonly counted: boolean;
  /** What the box has against the filter. */
  readonly refused: AskError | null;
  fetchRows(from: number, count: number, signal: AbortSignal): Promise<readonly CallRow[]>;
  /** The greatest `changed` among the rows seen. */
  readonly newest: { readonly current: number };
}

export interface Order {
  /** A column's name by 9006. */
  readonly sort: string;
  readonly order: 'asc' | 'desc';
}

const LIST = 9006;
const MARKS = 30052;
/** How often a count that goes on is shown, ms. */
const SHOWN_MS = 250;

/** @param key Filter, order and turn as a text: with another one everything begins anew. */
export function useCalls(key: string, filter: Parameters, { sort, order }: Order): Calls {
  const [known, setKnown] = useState<{
    readonly key: string;
    readonly total: number | null;
    readonly counted: boolean;
  }>({
    key,
    total: null,
    counted: false,
  });
  const [refused, setRefused] = useState<AskError | null>(null);
  const [first, setFirst] = useState<string | null>(null);
  const marks = useRef<{ key: string; list: CallMark[]; sorted: string }>({ key, list: [], sorted: '' });
  const newest = useRef(0);
  if (marks.current.key !== key) {
    marks.current = { key, list: [], sorted: '' };
    newest.current = 0;
  }
  const now = useRef({ key, filter });
  now.current = { key, filter };

  const learn = useCallback((total: number, counted: boolean) => {
    const { key } = now.current;
    setKnown((before) => {
      const least = before.key === key ? (before.total ?? 0) : 0;
      if (before.key === key && before.counted) return before;
      return { key, total: counted ? total : Math.max(least, total), counted };
    });
  }, []);

  const fetchRows = useCallback(
    async (from: number, count: number, signal: AbortSignal) => {
      const asked = now.current.key;
      const state = marks.current;
      const isSorted = sort !== 'calldate';
      const mark = isSorted ? null : markBefore(state.list, from);
      const place = isSorted
        ? { sort, cursor: state.sorted, offset: from }
        : mark
          ? { cursor: mark.cursor, offset: from - mark.row }
          : { offset: from };
      try {
        const answer = await ask<CallList>(
          LIST,
          { ...now.current.filter, ...place, order, limit: count, nototal: !isSorted },
          { signal },
        );
        if (now.current.key !== asked) return [];
        const rows = answer.json_array_astcdrs;
        const { cursor, totalcount } = answer.json_obj_filter;
        for (const row of rows) newest.current = Math.max(newest.current, Number(row.changed));
        if (isSorted && cursor) state.sorted = `${cursor.split('.')[0]}.0`;
        if (isSorted) learn(totalcount ?? 0, true);
        else learn(from + rows.length + (cursor ? 1 : 0), cursor === undefined && rows.length > 0);
        if (from === 0 && rows.length === 0) learn(0, true);
        setRefused(null);
        setFirst(asked);
        return rows;
      } catch (error) {
        if (!isAbort(error) && now.current.key === asked) setRefused(error as AskError);
        throw error;
      }
    },
    [sort, order, learn],
  );

  // Behind the first rows, which nothing may hold up; not where these were all.
  const isCounted = known.key === key && known.counted;
  useEffect(() => {
    if (first !== key || isCounted || sort !== 'calldate') return;
    const stop = new AbortController();
    void readMarks({ ...now.current.filter, order }, stop.signal, (list, total, counted) => {
      marks.current.list = list;
      learn(total, counted);
    }).catch((error: unknown) => {
      // The list goes on without: as far as it was counted.
      if (!isAbort(error) && error instanceof AskError) setRefused(error);
    });
    return () => stop.abort();
  }, [first, key, isCounted, sort, order, learn]);

  const isNow = known.key === key;
  return { total: isNow ? known.total : null, counted: isNow && known.counted, refused, fetchRows, newest };
}

/** The last mark at or before a row. */
function markBefore(list: readonly CallMark[], row: number): CallMark | null {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle]?.row ?? 0) <= row) low = middle + 1;
    else high = middle;
  }
  return list[low - 1] ?? null;
}

/** Reads them as they come, a mark a line. */
async function readMarks(
  parameters: Parameters,
  signal: AbortSignal,
  tell: (list: CallMark[], total: number, counted: boolean) => void,
): Promise<void> {
  const { body } = await request(MARKS, parameters, { signal });
  if (!body) return;
  const list: CallMark[] = [];
  let rest = '';
  let told = performance.now();
  for (const reader = body.pipeThrough(new TextDecoderStream()).getReader(); ; ) {
    const { done, value = '' } = await reader.read();
    const lines = (rest + value).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line.startsWith('{"row"')) list.push(JSON.parse(line.replace(/,$/, '')) as CallMark);
      const about = /^\],"json_obj_filter":(.*)\}$/.exec(line) ?? /"json_obj_filter":(\{.*\})\}$/.exec(line);
      if (about) tell(list, (JSON.parse(about[1] ?? '{}') as { totalcount: number }).totalcount, true);
    }
    if (done) return;
    if (performance.now() - told > SHOWN_MS) {
      told = performance.now();
      tell([...list], list.at(-1)?.row ?? 0, false);
    }
  }
}
