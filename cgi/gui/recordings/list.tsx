/** The list of recordings with its filter, its checkboxes, and what is done with what is ticked. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { RecordingRow } from '../../contract.ts';
import { type AskError, ask, isAbort } from '../api.ts';
import { whole } from '../format.ts';
import { boxClock, useMe } from '../me.ts';
import { More } from '../parts/more.tsx';
import { SavedViews } from '../parts/saved-views.tsx';
import { tell } from '../parts/toast.tsx';
import { useQuery } from '../router.tsx';
import { useText } from '../text.ts';
import { usePages } from '../use-pages.ts';
import { asked, filterOf } from './filter.ts';
import { FilterForm } from './filter-form.tsx';
import { MediumNotice } from './medium-notice.tsx';
import { Remove } from './remove.tsx';
import { type RowActions, Rows } from './rows.tsx';
import { NONE, SELECTED_MAX, type Selection, selectAll, withRows } from './selection.ts';
import { TickedBar } from './ticked-bar.tsx';
import { useChanges } from './use-changes.ts';

const RECORDINGS = 20053;
const KEEP = 30025;
/** Rows of a page, which are drawn or not drawn together. */
const LIMIT = 30;

export function List() {
  const t = useText('recordings');
  const { me, drift } = useMe();
  const [query, change] = useQuery();
  const filter = filterOf(query);
  const [turn, setTurn] = useState(0);
  // The clock alone asks nothing anew; a turn does.
  const parameters = useMemo(
    () => ({ ...asked(query, boxClock(drift, me.zone)), more: true }),
    [filter, turn, drift, me.zone],
  );
  const pages = usePages<RecordingRow>(RECORDINGS, 'json_array_recordings', parameters, LIMIT);
  const changes = useChanges();
  const [selection, setSelection] = useState<Selection>(NONE);
  const [opened, setOpened] = useState<string | null>(null);
  const [removing, setRemoving] = useState<Selection | null>(null);
  const last = useRef<number | null>(null);

  const rows = useMemo(() => pages.pages.flat(), [pages.pages]);
  const shown = useMemo(() => rows.filter(({ path }) => !changes.removed.has(path)), [rows, changes.removed]);
  const trunks = useMemo(() => [...new Set(rows.map(({ trunk }) => trunk))].filter(Boolean).sort(), [rows]);
  const goneOf = rows.length - shown.length;
  const total = Math.max(shown.length, (pages.total ?? 0) - goneOf);
  const allTicked = shown.length > 0 && shown.every(({ path }) => selection.has(path));

  // Another filter: what is not seen any more isn't ticked either.
  useEffect(() => {
    setSelection(NONE);
    setOpened(null);
    changes.forget();
    last.current = null;
  }, [filter]);
  const reload = useCallback(() => {
    setTurn((before) => before + 1);
    pages.again();
    changes.forget();
  }, [pages.again, changes.forget]);

  const latest = useRef({ rows, changes });
  latest.current = { rows, changes };
  const actions = useMemo<RowActions>(
    () => ({
      tick(index, ticked, range) {
        const from = range && last.current !== null ? Math.min(last.current, index) : index;
        const to = range && last.current !== null ? Math.max(last.current, index) : index;
        const { rows: all, changes: now } = latest.current;
        const some = all.slice(from, to + 1).filter(({ path }) => !now.removed.has(path));
        setSelection((before) => withRows(before, some, ticked));
        last.current = index;
      },
      open: setOpened,
      keep(row, mark) {
        latest.current.changes.keep([row.path], mark);
        ask(KEEP, { wavefiles: row.path, keep: mark ? '1' : '0' }).then(
          () => tell(mark ? t.ticked.kept(whole(1)) : t.ticked.unkept(whole(1))),
          (failed: AskError) => {
            latest.current.changes.keep([row.path], !mark);
            tell({ text: t.ticked.failed(failed.message), failed: true });
          },
        );
      },
      remove: (row) => setRemoving(withRows(NONE, [row], true)),
    }),
    [t],
  );
  const badFilter = pages.error?.code === 'invalid';
  return (
    <>
      <MediumNotice onChange={reload} />
      <FilterForm
        query={query}
        trunks={trunks}
        error={badFilter ? pages.error : null}
        onChange={change}
        onSearch={reload}
      />
      <TickedBar
        selection={selection}
        kept={shown.some((row) => selection.has(row.path) && changes.isKept(row))}
        onKept={changes.keep}
        onRemove={() => setRemoving(selection)}
        onClear={() => setSelection(NONE)}
      />
      <div class="list-head">
        <p role="status">{pages.total === null ? '' : t.total(whole(total))}</p>
        <SavedViews page="recordings" query={filter} />
        {allTicked && total > selection.size && (
          <TickAll parameters={parameters} total={total} onTicked={setSelection} />
        )}
      </div>
      {shown.length > 0 && (
        <Rows
          pages={pages.pages}
          total={total}
          selection={selection}
          changes={changes}
          opened={opened}
          actions={actions}
          allTicked={allTicked}
          tickAll={(ticked) => setSelection(ticked ? (before) => withRows(before, shown, true) : NONE)}
        />
      )}
      {pages.whole && shown.length === 0 && <p class="empty">{filter === '' ? t.emptyBox : t.emptyFilter}</p>}
      {!badFilter && <More of={pages} />}
      {removing && (
        <Remove
          selection={removing}
          onClose={() => setRemoving(null)}
          onRemoved={(paths) => {
            changes.remove(paths);
            setSelection((before) => new Map([...before].filter(([path]) => !paths.includes(path))));
            if (opened !== null && paths.includes(opened)) setOpened(null);
          }}
          onBack={changes.putBack}
        />
      )}
    </>
  );
}

interface TickAllProps {
  readonly parameters: Parameters<typeof selectAll>[0];
  readonly total: number;
  onTicked(selection: Selection): void;
}

/** From what is shown to all that the filter finds. */
function TickAll({ parameters, total, onTicked }: TickAllProps) {
  const t = useText('recordings');
  const common = useText('common');
  const [count, setCount] = useState<number | null>(null);
  const stop = useRef<AbortController | null>(null);
  useEffect(() => () => stop.current?.abort(), []);
  const run = async () => {
    stop.current = new AbortController();
    setCount(0);
    try {
      onTicked(await selectAll(parameters, { signal: stop.current.signal, progress: setCount }));
      if (total > SELECTED_MAX) tell(t.tickedMost(whole(SELECTED_MAX)));
    } catch (failed) {
      if (!isAbort(failed)) tell({ text: t.ticked.failed((failed as AskError).message), failed: true });
    }
    setCount(null);
  };
  if (count !== null)
    return (
      <span class="actions">
        {t.ticking(whole(count))}
        <button type="button" onClick={() => stop.current?.abort()}>
          {common.cancel}
        </button>
      </span>
    );
  return (
    <button type="button" onClick={() => void run()}>
      {t.tickFilter(whole(Math.min(total, SELECTED_MAX)))}
    </button>
  );
}
