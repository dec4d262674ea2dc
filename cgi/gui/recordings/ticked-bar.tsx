/** What can be done with the recordings that are ticked; and how far a download of them is. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { type AskError, ask, isAbort } from '../api.ts';
import { bytes, percent, whole } from '../format.ts';
import { tell } from '../parts/toast.tsx';
import { useText } from '../text.ts';
import { type Format, HELD_MAX, saveByBrowser, saveHeld } from './save.ts';
import { type Selection, sizeOf } from './selection.ts';

const KEEP = 30025;

interface TickedBarProps {
  readonly selection: Selection;
  /** Some of them are marked to be kept, as far as is known. */
  readonly kept: boolean;
  onKept(paths: readonly string[], keep: boolean): void;
  onRemove(): void;
  onClear(): void;
}

interface Saving {
  readonly received: number;
  readonly total: number | null;
}

export function TickedBar({ selection, kept, onKept, onRemove, onClear }: TickedBarProps) {
  const t = useText('recordings').ticked;
  const common = useText('common');
  const [format, setFormat] = useState<Format>('tar');
  const [saving, setSaving] = useState<Saving | null>(null);
  const stop = useRef<AbortController | null>(null);
  useEffect(() => () => stop.current?.abort(), []);
  const paths = [...selection.keys()];
  const size = sizeOf(selection);

  const save = async (skipMissing = false) => {
    if (size > HELD_MAX) {
      saveByBrowser(paths, format);
      tell(t.byBrowser);
      return;
    }
    stop.current = new AbortController();
    setSaving({ received: 0, total: null });
    const { signal } = stop.current;
    try {
      await saveHeld(paths, {
        format,
        skipMissing,
        signal,
        progress: (received, total) => setSaving({ received, total }),
      });
      tell(t.saved(whole(paths.length)));
    } catch (failed) {
      if (isAbort(failed)) tell(t.stopped);
      else if ((failed as AskError).status === 404 && !skipMissing)
        tell({
          text: t.someGone((failed as AskError).message),
          failed: true,
          action: { label: t.saveRest, run: () => void save(true) },
        });
      else tell({ text: t.unsaved((failed as AskError).message), failed: true });
    }
    setSaving(null);
  };

  const keep = async (mark: boolean) => {
    try {
      await ask(KEEP, { wavefiles: paths.join(';'), keep: mark ? '1' : '0' });
      onKept(paths, mark);
      tell(mark ? t.kept(whole(paths.length)) : t.unkept(whole(paths.length)));
    } catch (failed) {
      tell({ text: t.failed((failed as AskError).message), failed: true });
    }
  };

  if (selection.size === 0 && !saving) return null;
  return (
    <section class="ticked-bar card" aria-label={t.title}>
      <div class="ticked-count">
        <strong role="status">{t.count(whole(paths.length), bytes(size))}</strong>
        {!saving && (
          <button type="button" class="plain icon" aria-label={t.clear} title={t.clear} onClick={onClear}>
            ×
          </button>
        )}
      </div>
      {saving ? (
        <div class="actions saving">
          <progress aria-label={t.progress} value={saving.received} max={saving.total ?? undefined} />
          <span>
            {bytes(saving.received)}
            {saving.total ? ` · ${percent(saving.received / saving.total)}` : ''}
          </span>
          <button type="button" onClick={() => stop.current?.abort()}>
            {common.cancel}
          </button>
        </div>
      ) : (
        <div class="actions">
          <span class="joined">
            <button type="button" class="primary" onClick={() => void save()}>
              {t.save}
            </button>
            <select
              aria-label={t.format}
              value={format}
              onChange={(event) => setFormat(event.currentTarget.value === 'zip' ? 'zip' : 'tar')}
            >
              <option value="tar">.tar</option>
              <option value="zip">.zip</option>
            </select>
          </span>
          <button type="button" onClick={() => void keep(true)}>
            {t.keep}
          </button>
          {kept && (
            <button type="button" onClick={() => void keep(false)}>
              {t.unkeep}
            </button>
          )}
          <button type="button" class="danger" onClick={onRemove}>
            {t.remove}
          </button>
        </div>
      )}
    </section>
  );
}
