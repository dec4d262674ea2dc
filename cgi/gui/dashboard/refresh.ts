/** Asking again now and then, quietly: only while somebody sees the page, and at once when it is seen again after long. */
import { useEffect, useRef } from 'preact/hooks';

/** @param seconds Between two. @param again Asks. */
export function useRefresh(seconds: number, again: () => void): void {
  const latest = useRef(again);
  latest.current = again;
  useEffect(() => {
    let last = Date.now();
    const look = () => {
      if (document.visibilityState !== 'visible' || Date.now() - last < seconds * 1000) return;
      last = Date.now();
      latest.current();
    };
    const timer = setInterval(look, Math.min(seconds, 5) * 1000);
    document.addEventListener('visibilitychange', look);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', look);
    };
  }, [seconds]);
}
