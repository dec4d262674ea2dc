/** Deleting recordings: asked first, with how many and how large; then told how it went, with a way back. */
import { useState } from 'preact/hooks';
import type { DeletionRow, DeletionRows, RecordingsDeleted, Undone } from '../../contract.ts';
import { type AskError, ask } from '../api.ts';
import { bytes, whole } from '../format.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Failure } from '../parts/failure.tsx';
import { tell } from '../parts/toast.tsx';
import { useText } from '../text.ts';
import { type Selection, sizeOf } from './selection.ts';

const DELETE = 20054;
const UNDO = 30003;
const DELETIONS = 30004;
const LOOK_MS = 1_000;

interface RemoveProps {
  readonly selection: Selection;
  /** Gone from the list, or back in it. */
  onRemoved(paths: readonly string[]): void;
  onBack(paths: readonly string[]): void;
  onClose(): void;
}

export function Remove({ selection, onRemoved, onBack, onClose }: RemoveProps) {
  const t = useText('recordings').removal;
  const common = useText('common');
  const [purge, setPurge] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<AskError | null>(null);
  const paths = [...selection.keys()];

  const undo = async (token: string) => {
    try {
      const { restored, running } = await ask<Undone>(UNDO, { undo: token });
      if (running) await ended(token);
      onBack(paths);
      tell(t.back(whole(restored)));
    } catch (failed) {
      tell({ text: t.notBack((failed as AskError).message), failed: true });
    }
  };

  const remove = async () => {
    setBusy(true);
    setError(null);
    try {
      const answer = await ask<RecordingsDeleted>(DELETE, { wavefiles: paths.join(';'), purge });
      const last = answer.running ? await ended(answer.undo) : null;
      const refused = new Set(answer.refused?.map(({ path }) => path));
      onRemoved(paths.filter((path) => !refused.has(path)));
      onClose();
      const count = last?.count ?? answer.deleted;
      const freed = last?.bytes ?? answer.freed;
      const text = [
        t.done(whole(count), bytes(freed)),
        answer.missing.length > 0 ? t.missing(whole(answer.missing.length)) : '',
        refused.size > 0 ? t.refused(whole(refused.size), answer.refused?.[0]?.code ?? '') : '',
      ];
      tell({
        text: text.filter(Boolean).join(' '),
        ...(answer.undo !== '' && !purge && { action: { label: common.undo, run: () => void undo(answer.undo) } }),
      });
    } catch (failed) {
      setError(failed as AskError);
      setBusy(false);
    }
  };

  return (
    <Dialog title={t.title} onClose={onClose}>
      <p>{t.question(whole(paths.length), bytes(sizeOf(selection)))}</p>
      <p class="soft">{purge ? t.forGood : t.intoTrash}</p>
      <details>
        <summary>{t.more}</summary>
        <label class="check">
          <input type="checkbox" checked={purge} onChange={(event) => setPurge(event.currentTarget.checked)} />
          {t.purge}
        </label>
      </details>
      {error && <Failure error={error} />}
      <div class="actions">
        <button type="button" class="danger" disabled={busy} onClick={() => void remove()}>
          {t.submit(whole(paths.length))}
        </button>
        <button type="button" onClick={onClose}>
          {busy ? common.close : common.cancel}
        </button>
        <span role="status">{busy ? t.busy : ''}</span>
      </div>
    </Dialog>
  );
}

/** Waits for a deletion, or for its way back, that takes longer than a request may. */
export async function ended(token: string): Promise<DeletionRow | null> {
  for (;;) {
    const { json_array_deletions: found } = await ask<DeletionRows>(DELETIONS, { undo: token });
    const [row] = found;
    if (!row?.running) return row ?? null;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
