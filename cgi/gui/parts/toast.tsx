/**
 * What has just happened, said at the foot of the page and to screen readers; with a way back where there is one. It stays
 * for a while, longer with a way back, and as long as the pointer or the focus is on it.
 */
import { useEffect, useState } from 'preact/hooks';
import { useText } from '../text.ts';

export interface Said {
  readonly text: string;
  /** A failure: said at once, and it stays until closed. */
  readonly failed?: boolean;
  readonly action?: { readonly label: string; run(): void };
}

let say: (said: Said) => void = () => {};

/** Says it, in place of what was said before. */
export function tell(said: Said | string): void {
  say(typeof said === 'string' ? { text: said } : said);
}

const SHOWN_MS = 6_000;
const WITH_ACTION_MS = 20_000;

export function Toasts() {
  const t = useText('common');
  const [said, setSaid] = useState<Said | null>(null);
  const [held, setHeld] = useState(false);
  useEffect(() => {
    say = setSaid;
    return () => {
      say = () => {};
    };
  }, []);
  useEffect(() => {
    if (!said || said.failed || held) return;
    const timer = setTimeout(() => setSaid(null), said.action ? WITH_ACTION_MS : SHOWN_MS);
    return () => clearTimeout(timer);
  }, [said, held]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: only so that it isn't taken away while somebody is at it.
    <div
      class="toasts"
      onMouseEnter={() => setHeld(true)}
      onMouseLeave={() => setHeld(false)}
      onFocusCapture={() => setHeld(true)}
      onBlurCapture={() => setHeld(false)}
    >
      <div role="status">{said && !said.failed && <p class="toast-text">{said.text}</p>}</div>
      <div role="alert">{said?.failed && <p class="toast-text failed">{said.text}</p>}</div>
      {said && (
        <div class="toast-actions">
          {said.action && (
            <button
              type="button"
              onClick={() => {
                setSaid(null);
                said.action?.run();
              }}
            >
              {said.action.label}
            </button>
          )}
          <button type="button" class="plain icon" aria-label={t.close} onClick={() => setSaid(null)}>
            ×
          </button>
        </div>
      )}
    </div>
  );
}
