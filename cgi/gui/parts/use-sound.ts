/** The sound of a player: the browser's own audio element, and what of it is shown. Only one of a page plays at a time. */
import type { RefObject } from 'preact';
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

/** Why nothing is heard. `away`: the medium; `gone`: the file; `coding`: this browser can't play such sound. */
export type Silence = 'away' | 'gone' | 'coding' | 'offline';

export interface Sound {
  readonly audio: RefObject<HTMLAudioElement | null>;
  readonly playing: boolean;
  /** It would play, and waits for bytes. */
  readonly waiting: boolean;
  /** Seconds from the beginning. */
  readonly at: number;
  /** Seconds in all; null until the browser knows. */
  readonly length: number | null;
  readonly silence: Silence | null;
  toggle(): void;
  /** @param at Seconds; kept within the sound. */
  seek(at: number): void;
}

let current: HTMLAudioElement | null = null;

export function useSound(address: string, rate: number): Sound {
  const audio = useRef<HTMLAudioElement>(null);
  const [playing, setPlaying] = useState(false);
  const [waiting, setWaiting] = useState(false);
  const [at, setAt] = useState(0);
  const [length, setLength] = useState<number | null>(null);
  const [silence, setSilence] = useState<Silence | null>(null);

  useEffect(() => {
    const element = audio.current;
    if (!element) return;
    const stop = new AbortController();
    const on = (event: keyof HTMLMediaElementEventMap, listener: () => void) =>
      element.addEventListener(event, listener, { signal: stop.signal });
    on('play', () => {
      if (current !== element) current?.pause();
      current = element;
      setPlaying(true);
      setSilence(null);
    });
    on('pause', () => setPlaying(false));
    on('ended', () => setPlaying(false));
    on('waiting', () => setWaiting(true));
    on('playing', () => setWaiting(false));
    on('timeupdate', () => setAt(element.currentTime));
    on('seeking', () => setAt(element.currentTime));
    on('durationchange', () => setLength(Number.isFinite(element.duration) ? element.duration : null));
    on('error', () => {
      setPlaying(false);
      setWaiting(false);
      void silenceOf(address, stop.signal).then((why) => !stop.signal.aborted && setSilence(why));
    });
    return () => {
      stop.abort();
      // What nobody hears any more isn't fetched either.
      element.pause();
      element.removeAttribute('src');
      element.load();
      if (current === element) current = null;
    };
  }, [address]);

  // With the choice itself: an effect after the next frame would leave the old rate in the ear for as long as a busy
  // phone has no frame to spare.
  useLayoutEffect(() => {
    if (audio.current) audio.current.playbackRate = rate;
  }, [rate]);

  // Between the browser's own four looks a second, so that what moves does so evenly.
  useEffect(() => {
    if (!playing) return;
    let frame = 0;
    const look = () => {
      if (audio.current) setAt(audio.current.currentTime);
      frame = requestAnimationFrame(look);
    };
    frame = requestAnimationFrame(look);
    return () => cancelAnimationFrame(frame);
  }, [playing]);

  const toggle = useCallback(() => {
    const element = audio.current;
    if (!element) return;
    if (!element.paused) {
      element.pause();
      return;
    }
    if (element.error) element.load();
    // A refusal is told by the event `error`, or is the browser's wish for another click.
    element.play().catch(() => setPlaying(false));
  }, []);
  const seek = useCallback((to: number) => {
    const element = audio.current;
    if (!element) return;
    const end = Number.isFinite(element.duration) ? element.duration : to;
    // Before anything is fetched this is where it will begin.
    element.currentTime = Math.max(0, Math.min(to, end));
    setAt(element.currentTime);
  }, []);
  return { audio, playing, waiting, at, length, silence, toggle, seek };
}

/** The browser says only that it can't: the box knows whether the file is there. */
async function silenceOf(address: string, signal: AbortSignal): Promise<Silence> {
  try {
    const { ok, status } = await fetch(address, { method: 'HEAD', signal });
    if (ok) return 'coding';
    return status === 404 ? 'gone' : 'away';
  } catch {
    return 'offline';
  }
}
