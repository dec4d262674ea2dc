/** The time, told anew each second, for what counts up or down; not while nobody sees the page. */
import { useEffect, useState } from 'preact/hooks';

/** @param running false: the time stands still. @returns this browser's clock, milliseconds. */
export function useTick(running = true): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!running) return;
    setNow(Date.now());
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') setNow(Date.now());
    }, 1000);
    return () => clearInterval(timer);
  }, [running]);
  return now;
}
