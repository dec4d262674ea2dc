/**
 * The WebSocket `/live`, kept open: lost, it says so at once and tries again by itself, later each time; silence counts as
 * lost, because a phone that changes its network is told of nothing. A session that has ended leads to the log-in.
 */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { LiveMessage } from '../../contract.ts';
import { ask } from '../api.ts';
import { backoff } from './backoff.ts';
import { heard, NOTHING, type Shown, without } from './calls.ts';

/** The box speaks every ten seconds. */
const SILENCE_MS = 25_000;
/** How long an ended call is still shown. */
const OVER_MS = 4_000;
/** Close code of a session that has ended (daemon/http/live-path.ts). */
const SESSION_ENDED = 4401;
/** Whoever asks it without a session is shown the log-in. */
const WHOAMI = 30037;

export type Line =
  | { readonly state: 'connecting' }
  | { readonly state: 'open' }
  /** @param retryAt This browser's clock, milliseconds. */
  | { readonly state: 'lost'; readonly retryAt: number };

export interface LiveView extends Shown {
  readonly line: Line;
  /** Milliseconds to add to this browser's clock to have the box's. */
  readonly drift: number;
  /** When the box was last heard, this browser's clock. */
  readonly heardAt: number;
  /** Tries again now. */
  now(): void;
}

export function useLive(): LiveView {
  const [shown, setShown] = useState<Shown>(NOTHING);
  const [line, setLine] = useState<Line>({ state: 'connecting' });
  const [drift, setDrift] = useState(0);
  const heardAt = useRef(Date.now());
  const tryNow = useRef(() => {});

  useEffect(() => {
    let socket: WebSocket | null = null;
    let failed = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let silence: ReturnType<typeof setTimeout> | undefined;
    const removals = new Set<ReturnType<typeof setTimeout>>();

    const listen = () => {
      clearTimeout(silence);
      silence = setTimeout(() => lose(), SILENCE_MS);
    };
    const lose = (code = 0) => {
      clearTimeout(timer);
      clearTimeout(silence);
      if (socket) {
        socket.onopen = socket.onmessage = socket.onclose = null;
        socket.close();
        socket = null;
      }
      failed++;
      const wait = backoff(failed) * 1000;
      setLine({ state: 'lost', retryAt: Date.now() + wait });
      timer = setTimeout(connect, wait);
      // A handshake that was refused tells a page nothing of why: whether it is the session, this does.
      if (code === SESSION_ENDED || failed > 1) ask(WHOAMI).catch(() => {});
    };
    const connect = () => {
      clearTimeout(timer);
      socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/live`);
      listen();
      socket.onmessage = ({ data }) => {
        const message = JSON.parse(String(data)) as LiveMessage;
        listen();
        failed = 0;
        heardAt.current = Date.now();
        if (message.now !== undefined) {
          const measured = message.now - Date.now();
          // What a message takes on its way differs: a second would be shown twice.
          setDrift((before) => (Math.abs(measured - before) > 500 ? measured : before));
        }
        setLine((before) => (before.state === 'open' ? before : { state: 'open' }));
        setShown((before) => heard(before, message));
        const { ended } = message;
        if (ended === undefined) return;
        const removal = setTimeout(() => {
          removals.delete(removal);
          setShown((before) => without(before, ended));
        }, OVER_MS);
        removals.add(removal);
      };
      socket.onclose = ({ code }) => lose(code);
    };
    tryNow.current = () => {
      if (socket?.readyState === WebSocket.OPEN || socket?.readyState === WebSocket.CONNECTING) return;
      connect();
    };
    const onVisible = () => {
      if (document.visibilityState === 'visible') tryNow.current();
    };
    const onOnline = () => tryNow.current();
    const onOffline = () => lose();
    document.addEventListener('visibilitychange', onVisible);
    addEventListener('online', onOnline);
    addEventListener('offline', onOffline);
    connect();
    return () => {
      document.removeEventListener('visibilitychange', onVisible);
      removeEventListener('online', onOnline);
      removeEventListener('offline', onOffline);
      clearTimeout(timer);
      clearTimeout(silence);
      for (const removal of removals) clearTimeout(removal);
      if (socket) socket.onopen = socket.onmessage = socket.onclose = null;
      socket?.close();
    };
  }, []);

  const now = useCallback(() => tryNow.current(), []);
  return { ...shown, line, drift, heardAt: heardAt.current, now };
}
