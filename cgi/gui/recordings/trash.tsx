/** What was deleted of late, and can be brought back as long as it lies in the trash. */
import { useEffect } from 'preact/hooks';
import type { DeletionRow, DeletionRows, Undone } from '../../contract.ts';
import { type AskError, ask } from '../api.ts';
import { bytes, whole } from '../format.ts';
import { Failure } from '../parts/failure.tsx';
import { Loading } from '../parts/loading.tsx';
import { tell } from '../parts/toast.tsx';
import { useText } from '../text.ts';
import { useAsk } from '../use-ask.ts';

const DELETIONS = 30004;
const UNDO = 30003;
const LOOK_MS = 2_000;

export function Trash() {
  const t = useText('recordings').trash;
  const { answer, error, again } = useAsk<DeletionRows>(DELETIONS);
  const rows = answer?.json_array_deletions.filter(({ kind }) => kind === 'recordings');
  const running = rows?.some((row) => row.running) ?? false;
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(again, LOOK_MS);
    return () => clearInterval(timer);
  }, [running, again]);
  const undo = async (row: DeletionRow) => {
    try {
      const { restored } = await ask<Undone>(UNDO, { undo: row.undo });
      tell(t.back(whole(restored)));
    } catch (failed) {
      tell({ text: t.notBack((failed as AskError).message), failed: true });
    }
    again();
  };
  if (error) return <Failure error={error} again={again} />;
  if (!rows) return <Loading />;
  if (rows.length === 0) return <p class="empty">{t.empty}</p>;
  const states = t.states as Readonly<Record<string, string>>;
  return (
    <ul class="deletions">
      {rows.map((row) => (
        <li key={row.undo} class="card deletion">
          <div>
            <strong>{t.what(whole(row.count), bytes(row.bytes ?? 0))}</strong>{' '}
            <span class={`badge ${row.state === 'deleted' ? 'warn' : ''}`}>{states[row.state] ?? row.state}</span>
            <p class="soft">
              {t.when(row.when, row.who)}
              {row.state === 'deleted' && ` ${t.until(row.expires)}`}
            </p>
            <details>
              <summary>{t.files}</summary>
              <ul class="soft path">
                {String(row.what['wavefiles'] ?? '')
                  .split(';')
                  .map((path) => (
                    <li key={path}>{path}</li>
                  ))}
              </ul>
            </details>
          </div>
          {row.state === 'deleted' && (
            <button type="button" aria-label={t.undo(row.when)} onClick={() => void undo(row)}>
              {t.undoShort}
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}
