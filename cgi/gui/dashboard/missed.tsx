/** Callers who wait to be called back: a list to be worked off, a tap to call and a tap to tick off, which can be undone. */
import { useState } from 'preact/hooks';
import type { MissedRow, MissedRows } from '../../contract.ts';
import { type AskError, ask } from '../api.ts';
import { whole } from '../format.ts';
import { Failure } from '../parts/failure.tsx';
import { tell } from '../parts/toast.tsx';
import { Link } from '../router.tsx';
import { useText } from '../text.ts';
import { useAsk } from '../use-ask.ts';
import { useRefresh } from './refresh.ts';
import { Tile } from './tile.tsx';

const MISSED = 30039;
const PROCESS = 30040;
/** Callers shown before somebody asks for all of them. */
const FEW = 6;
const MANY = 500;
const REFRESH_SECONDS = 60;

export function Missed() {
  const t = useText('dashboard').missed;
  const [all, setAll] = useState(false);
  const [done, setDone] = useState(false);
  const asked = useAsk<MissedRows>(MISSED, { limit: all ? MANY : FEW });
  const ticked = useAsk<MissedRows>(MISSED, done ? { limit: FEW, processed: true } : null);
  const again = () => {
    asked.again();
    if (done) ticked.again();
  };
  useRefresh(REFRESH_SECONDS, again);
  const process = async ({ id, src, contact }: MissedRow, processed: boolean) => {
    try {
      await ask(PROCESS, { id, processed: processed ? '1' : '0' });
      const name = contact || src || t.anonymous;
      const undo = { label: t.undo, run: () => void process({ id, src, contact } as MissedRow, !processed) };
      tell({ text: processed ? t.ticked(name) : t.unticked(name), action: undo });
    } catch (error) {
      tell({ text: `${t.failed} ${(error as AskError).message}`, failed: true });
    }
    again();
  };
  const rows = asked.answer?.json_array_missed ?? [];
  const total = asked.answer?.json_obj_filter.totalcount ?? 0;
  return (
    <Tile
      title={t.title}
      to="/calls?userfield=Inbound&disposition=NO ANSWER,BUSY,FAILED&period=30days"
      more={t.more}
      waiting={!asked.answer}
      error={asked.error}
      again={asked.again}
      class="wide"
    >
      {/* Where nothing is known, nobody is said to wait for nothing. */}
      <p class="soft" role="status">
        {asked.answer && (total === 0 ? t.none : t.count(whole(total)))}
      </p>
      <Callers rows={rows} act={t.tick} actOf={t.tickOf} onAct={(row) => void process(row, true)} />
      {total > rows.length && !all && (
        <button type="button" onClick={() => setAll(true)}>
          {t.all(whole(total))}
        </button>
      )}
      <details onToggle={(event) => setDone(event.currentTarget.open)}>
        <summary>{t.done}</summary>
        {ticked.error && <Failure error={ticked.error} again={ticked.again} />}
        {ticked.answer?.json_array_missed.length === 0 && <p class="soft">{t.noneDone}</p>}
        <Callers
          rows={ticked.answer?.json_array_missed ?? []}
          act={t.untick}
          actOf={t.untickOf}
          onAct={(row) => void process(row, false)}
        />
      </details>
    </Tile>
  );
}

interface CallersProps {
  readonly rows: readonly MissedRow[];
  readonly act: string;
  actOf(name: string): string;
  onAct(row: MissedRow): void;
}

function Callers({ rows, act, actOf, onAct }: CallersProps) {
  const t = useText('dashboard').missed;
  if (rows.length === 0) return null;
  return (
    <ul class="missed">
      {rows.map((row) => (
        <li key={row.id} data-caller={row.src}>
          <div class="missed-who">
            {row.contact !== '' && <strong>{row.contact} </strong>}
            {row.src === '' ? (
              <strong>{t.anonymous}</strong>
            ) : (
              <a href={`tel:${row.src.replace(/[^\d+*#]/g, '')}`}>{row.src}</a>
            )}
            {row.tries > 1 && <span class="badge warn">{t.tries(row.tries)}</span>}
          </div>
          <div class="missed-when soft">
            {row.src === '' ? (
              row.calldate.slice(0, 16)
            ) : (
              <Link to={`/calls?number=${encodeURIComponent(row.src)}&period=30days`}>{row.calldate.slice(0, 16)}</Link>
            )}
            {` · ${t.to(row.dst)}`}
            {row.in_route !== '' && ` · ${row.in_route}`}
            {row.channel !== '' && ` · ${t.trunk(row.channel)}`}
            {row.by !== undefined && ` · ${t.by(row.by, row.processed?.slice(0, 16) ?? '')}`}
          </div>
          <button type="button" aria-label={actOf(row.contact || row.src || t.anonymous)} onClick={() => onAct(row)}>
            {act}
          </button>
        </li>
      ))}
    </ul>
  );
}
