/** What was done to the rows of a list since they were loaded: shown at once, and without loading them anew. */
import { useCallback, useMemo, useState } from 'preact/hooks';
import type { RecordingRow } from '../../contract.ts';

export interface Changes {
  /** How many of the list have been taken out. */
  readonly removed: ReadonlySet<string>;
  /** Whether it is marked, by now. */
  isKept(row: RecordingRow): boolean;
  keep(paths: readonly string[], keep: boolean): void;
  remove(paths: readonly string[]): void;
  putBack(paths: readonly string[]): void;
  /** The list has been loaded anew. */
  forget(): void;
}

export function useChanges(): Changes {
  const [removed, setRemoved] = useState<ReadonlySet<string>>(new Set());
  const [kept, setKept] = useState<ReadonlyMap<string, boolean>>(new Map());
  const keep = useCallback(
    (paths: readonly string[], mark: boolean) =>
      setKept((before) => new Map([...before, ...paths.map((path) => [path, mark] as const)])),
    [],
  );
  const remove = useCallback((paths: readonly string[]) => setRemoved((before) => new Set([...before, ...paths])), []);
  const putBack = useCallback(
    (paths: readonly string[]) => setRemoved((before) => new Set([...before].filter((path) => !paths.includes(path)))),
    [],
  );
  const forget = useCallback(() => {
    setRemoved(new Set());
    setKept(new Map());
  }, []);
  return useMemo(
    () => ({
      removed,
      isKept: (row: RecordingRow) => kept.get(row.path) ?? row.keep === '1',
      keep,
      remove,
      putBack,
      forget,
    }),
    [removed, kept, keep, remove, putBack, forget],
  );
}
