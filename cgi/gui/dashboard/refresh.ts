/**
 * Asking again now and then, quietly: only while somebody sees the page and has touched it lately. Each question is use of
 * the session, and a page that nobody is at must let it idle out.
 */
import { useEffect, useRef, useState } from 'preact/hooks';

/** Without any input for so long nobody is there, milliseconds. */
const GONE_MS = 10 * 60_000;
const INPUTS = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart', 'scroll'] as const;

let lastInput = Date.now();
const returned = new Set<() => void>();
let isListening = false;

function listen(): void {
  if (isListening) return;
  isListening = true;
  const note = () => {
    const wasGone = isGone();
    lastInput = Date.now();
    if (wasGone) for (const listener of returned) listener();
  };
  for (const input of INPUTS) addEventListener(input, note, { passive: true, capture: true });
}

const isGone = () => Date.now() - lastInput > GONE_MS;

/** @param seconds Between two. @param again Asks. */
export function useRefresh(seconds: number, again: () => void): void {
  const latest = useRef(again);
  latest.current = again;
  useEffect(() => {
    listen();
    let last = Date.now();
    const every = Math.min(seconds, 5) * 1000;
    const look = () => {
      // A timer that came late once makes the next come early: half a look is not waited for with a whole one more.
      const isDue = Date.now() - last > seconds * 1000 - every / 2;
      if (document.visibilityState !== 'visible' || isGone() || !isDue) return;
      last = Date.now();
      latest.current();
    };
    const timer = setInterval(look, every);
    document.addEventListener('visibilitychange', look);
    returned.add(look);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', look);
      returned.delete(look);
    };
  }, [seconds]);
}

/** Since when nobody has been there, this browser's clock in milliseconds; null: somebody is. */
export function useGone(): number | null {
  const [gone, setGone] = useState<number | null>(null);
  useEffect(() => {
    listen();
    const look = () => setGone(isGone() ? lastInput + GONE_MS : null);
    const timer = setInterval(look, 5_000);
    returned.add(look);
    return () => {
      clearInterval(timer);
      returned.delete(look);
    };
  }, []);
  return gone;
}
