/** Asks once more from time to time, while somebody looks at the page. */
import { useEffect } from 'preact/hooks';

/** @param every Milliseconds; null: not now. */
export function usePoll(again: () => void, every: number | null): void {
  useEffect(() => {
    if (every === null) return;
    const timer = setInterval(() => {
      if (!document.hidden) again();
    }, every);
    return () => clearInterval(timer);
  }, [again, every]);
}
