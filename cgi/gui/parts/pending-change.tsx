/**
 * The change on trial (30038), on every page while there is one: what it is, how long until it falls back, and the two ways
 * out. Where the address has changed, the page goes there by itself: only there can it be seen that one still gets in.
 */
import { useCallback, useEffect, useLayoutEffect, useState } from 'preact/hooks';
import type { OnTrial, TrialShown } from '../../contract.ts';
import { AskError, ask, isAbort } from '../api.ts';
import { useMe } from '../me.ts';
import { useText } from '../text.ts';
import { useAct } from '../use-act.ts';
import { Failure } from './failure.tsx';
import { tell } from './toast.tsx';

const TRIAL = 30038;
/** Seconds that pages give a change: the issue says a minute. */
export const TRIAL_SECONDS = 60;
/** Milliseconds until the page goes to its new address: time to read that it does. */
const GO_MS = 2_500;
/** Times that a confirmation is sent again, which came by a connection from before the change; and what lies between. */
const TRIES = 6;
const BETWEEN_MS = 400;
/** Where the page has come from, behind the `#` of the new address. */
const FROM = 'from=';

let begin: (trial: OnTrial) => void = () => {};

/** An answer has told of one. */
export function trialBegan(trial: OnTrial): void {
  begin(trial);
}

export function PendingChange() {
  const t = useText('common').trial;
  const { me, refresh } = useMe();
  const [trial, setTrial] = useState<{ readonly shown: OnTrial; readonly ends: number } | null>(null);
  const [left, setLeft] = useState(0);
  const { busy, error, run, clear } = useAct();

  const take = useCallback((shown: OnTrial | null) => {
    setTrial(shown && { shown, ends: performance.now() + shown.seconds * 1000 });
    setLeft(shown?.seconds ?? 0);
  }, []);
  const look = useCallback(async () => take((await ask<TrialShown>(TRIAL)).trial), [take]);

  useEffect(() => {
    begin = take;
    const quietly = () => void look().catch(() => {});
    quietly();
    addEventListener('focus', quietly);
    return () => {
      begin = () => {};
      removeEventListener('focus', quietly);
    };
  }, [look, take]);

  const token = trial?.shown.token;
  const away = trial ? elsewhere(trial.shown.location) : null;

  useEffect(() => {
    if (!trial) return;
    const timer = setInterval(() => {
      const seconds = Math.ceil((trial.ends - performance.now()) / 1000);
      setLeft(Math.max(0, seconds));
      if (seconds < -1) {
        clearInterval(timer);
        take(null);
        void over();
      }
    }, 250);
    return () => clearInterval(timer);

    /** The box has taken it back by now; if it was reached by this very change, it is where it was before. */
    async function over() {
      tell({ text: t.fellBack, failed: true });
      try {
        await look();
      } catch (failed) {
        const before = cameFrom();
        if (failed instanceof AskError && failed.code === 'offline' && before) location.assign(before);
      }
    }
  }, [trial, look, take, t]);

  // Not from under a finger: who has just pressed to go back would land at an address that is no more. At once, for that
  // reason, and not an effect after the next frame.
  useLayoutEffect(() => {
    if (away === null || busy) return;
    const timer = setTimeout(() => location.assign(away), GO_MS);
    return () => clearTimeout(timer);
  }, [away, busy]);

  if (!trial) return null;
  const { what, user, by_another: byAnother } = trial.shown;
  const isMine = user === me.user;
  const keep = () =>
    run(async () => {
      await confirmed(String(token));
      take(null);
      history.replaceState(null, '', location.pathname + location.search);
      tell(t.kept);
    });
  const back = () =>
    run(async () => {
      await ask(TRIAL, { token, back: true });
      take(null);
      tell(t.takenBack);
      const before = cameFrom();
      if (before) location.assign(before);
      else refresh(); // of one's own role the session has ended with it
    });
  return (
    <section class="pending-change" aria-label={t.title}>
      <div>
        <p role="status">
          <strong>{t.title}</strong> {t.what(what.map((name) => nameOf(name, t.names)).join(', '), user)}
          {away !== null && ` ${t.going(new URL(away).origin)}`}
          {byAnother && ` ${t.another}`}
        </p>
        <p role="timer" aria-live="off">
          {t.left(left)}
        </p>
      </div>
      {error && <Failure error={error} again={clear} />}
      <div class="actions">
        {away !== null && (
          <a class="button" href={away}>
            {t.go}
          </a>
        )}
        {away === null && (byAnother ? !isMine : isMine) && (
          <button type="button" class="primary" disabled={busy} onClick={() => void keep()}>
            {t.keep}
          </button>
        )}
        <button type="button" disabled={busy} onClick={() => void back()}>
          {t.back}
        </button>
      </div>
    </section>
  );
}

/** @throws {AskError} */
async function confirmed(token: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await ask(TRIAL, { token });
      return;
    } catch (error) {
      // By a connection from before the change: the box ends it with this answer, and the next one is new.
      if (isAbort(error) || !(error instanceof AskError) || error.code !== 'conflict' || tries === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
    }
  }
}

/** This very page at the new address; null: it is there, or nothing has changed of it. */
function elsewhere(there: string | null): string | null {
  if (there === null) return null;
  const { origin } = new URL(there);
  if (origin === location.origin) return null;
  return `${origin}${location.pathname}${location.search}#${FROM}${encodeURIComponent(location.origin)}`;
}

/** Where the page was before the change; only ever the same host: anybody may write an address. */
function cameFrom(): string | null {
  const text = location.hash.startsWith(`#${FROM}`) ? decodeURIComponent(location.hash.slice(FROM.length + 1)) : '';
  if (!URL.canParse(text)) return null;
  const { protocol, hostname, origin } = new URL(text);
  if (!/^https?:$/.test(protocol) || hostname !== location.hostname) return null;
  return `${origin}${location.pathname}${location.search}`;
}

/** In the language of the page; what it has no word for, as the box calls it. */
function nameOf(name: string, names: Readonly<Record<string, string>>): string {
  return names[name] ?? name;
}
