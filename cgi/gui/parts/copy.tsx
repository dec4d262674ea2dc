/** Puts a text into the clipboard; where the browser has none to lend (plain HTTP), marks it so that a key can. */
import { useRef } from 'preact/hooks';
import { useText } from '../text.ts';
import { tell } from './toast.tsx';

interface CopyProps {
  readonly text: string;
  /** What it is, for screen readers. */
  readonly label: string;
}

export function Copy({ text, label }: CopyProps) {
  const t = useText('common');
  const shown = useRef<HTMLTextAreaElement>(null);
  return (
    <div class="copy">
      <textarea
        ref={shown}
        class="mono"
        readOnly
        rows={Math.min(8, Math.ceil(text.length / 60))}
        aria-label={label}
        value={text}
        onFocus={(event) => event.currentTarget.select()}
      />
      <button
        type="button"
        aria-label={`${t.copy}: ${label}`}
        onClick={() => {
          void copy(text, shown.current).then((done) => done && tell(t.copied));
        }}
      >
        {t.copy}
      </button>
    </div>
  );
}

async function copy(text: string, shown: HTMLTextAreaElement | null): Promise<boolean> {
  // Only pages by HTTPS, and of the box itself, are lent the clipboard.
  if (navigator.clipboard)
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Not allowed: by the older way.
    }
  if (!shown) return false;
  shown.select();
  return document.execCommand('copy');
}
