/** Something that a form or a button has the box do: under way, and why it failed. */
import { useCallback, useState } from 'preact/hooks';
import { AskError } from './api.ts';

export interface Act {
  readonly busy: boolean;
  readonly error: AskError | null;
  /** Does it, unless something is under way. What the box refuses is kept as `error`. @returns whether it went well. */
  run(work: () => Promise<unknown>): Promise<boolean>;
  /** Forgets the failure. */
  clear(): void;
}

export function useAct(): Act {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<AskError | null>(null);
  const run = useCallback(async (work: () => Promise<unknown>) => {
    setBusy(true);
    setError(null);
    try {
      await work();
      return true;
    } catch (failed) {
      if (!(failed instanceof AskError)) throw failed;
      setError(failed);
      return false;
    } finally {
      setBusy(false);
    }
  }, []);
  const clear = useCallback(() => setError(null), []);
  return { busy, error, run, clear };
}
