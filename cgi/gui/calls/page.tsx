/** The CDR Report (guide, chapter 1): the calls of a filter, which stands in the address, as an endless list. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { CallRow } from '../../contract.ts';
import { boxClock, useMe } from '../me.ts';
import { LongList } from '../parts/long-list.tsx';
import { Page } from '../parts/page.tsx';
import { SavedViews } from '../parts/saved-views.tsx';
import { useQuery } from '../router.tsx';
import { useText } from '../text.ts';
import { ByUniqueId } from './by-unique-id.tsx';
import { Call } from './call.tsx';
import { Cells, COLUMNS, Head } from './columns.tsx';
import { filterOf, keptQuery, periodOf, pinned, reachesNow } from './filter.ts';
import { FilterBar } from './filter-bar.tsx';
import { Tools } from './tools.tsx';
import { Totals } from './totals.tsx';
import { type Order, useCalls } from './use-calls.ts';
import { FRESH_MAX, useFresh } from './use-fresh.ts';

/** Pixels of a row: on a phone it has two lines. */
const HEIGHTS = { wide: 41, narrow: 73 };
const NARROW = '(max-width: 640px)';

export default function Calls() {
  const t = useText('calls');
  const { me, drift } = useMe();
  const [query, change] = useQuery();
  const [turn, setTurn] = useState(0);
  const now = boxClock(drift, me.zone);
  const filter = filterOf(query, now);
  const order = orderOf(query);
  const key = JSON.stringify([filter, order]);
  const calls = useCalls(`${key} ${turn}`, filter, order);
  const fresh = useFresh(`${key} ${turn}`, reachesNow(filter, now) ? pinned(filter, now) : null);
  const narrow = useMedia(NARROW);
  const anew = () => setTurn((before) => before + 1);

  // Whether the open call was opened from here: then back is where one was.
  const opened = useRef(false);
  const call = query.get('call');
  const uniqueId = query.get('uniqueid');
  const open = (id: string) => {
    opened.current = true;
    change({ call: id });
  };
  const close = () => {
    if (opened.current) history.back();
    else change({ call: null }, true);
    opened.current = false;
  };
  const setOrder = ({ sort, order }: Order) =>
    change({
      sort: sort === 'calldate' ? null : sort,
      order: sort === 'calldate' && order === 'desc' ? null : order,
    });

  const tools = (
    <>
      <SavedViews page="calls" query={keptQuery(query)} />
      <Tools filter={filter} order={order} total={calls.counted ? calls.total : null} onChanged={anew} />
    </>
  );
  return (
    <Page
      name="calls"
      actions={
        narrow ? (
          <details class="calls-tools">
            <summary>{t.tools}</summary>
            <div class="actions">{tools}</div>
          </details>
        ) : (
          tools
        )
      }
    >
      <FilterBar {...{ query, change, now, narrow, order }} refused={calls.refused} onOrder={setOrder} />
      <Totals filter={filter} total={calls.total} counted={calls.counted} turn={turn} />
      <div aria-live="polite">
        {fresh > 0 && (
          <button
            type="button"
            class="calls-fresh"
            onClick={() => {
              anew();
              scrollTo(0, 0);
            }}
          >
            {fresh > FRESH_MAX ? t.freshMany(FRESH_MAX) : t.fresh(fresh)}
          </button>
        )}
      </div>
      {calls.total === 0 && calls.counted ? (
        <div class="empty">
          <p>{query.size === 0 && periodOf(query) === 'today' ? t.noneToday : t.none}</p>
          <p>{t.noneHint}</p>
        </div>
      ) : (
        <div class="calls-list">
          <LongList
            label={t.list}
            question={key}
            turn={turn}
            total={calls.total}
            rowHeight={narrow ? HEIGHTS.narrow : HEIGHTS.wide}
            fetchRows={calls.fetchRows}
            head={<Head order={order} onOrder={setOrder} />}
            renderRow={renderCall}
            onOpen={({ id }) => open(id)}
          />
        </div>
      )}
      {call !== null && <Call id={call} onClose={close} />}
      {call === null && uniqueId !== null && (
        <ByUniqueId
          uniqueId={uniqueId}
          onFound={(id) => change({ call: id, uniqueid: null }, true)}
          onClose={() => change({ uniqueid: null }, true)}
        />
      )}
    </Page>
  );
}

const renderCall = (row: CallRow) => <Cells row={row} />;

function orderOf(query: URLSearchParams): Order {
  const wanted = query.get('sort');
  const sort = COLUMNS.find((column) => column.sort === wanted)?.sort ?? 'calldate';
  return { sort, order: query.get('order') === 'asc' ? 'asc' : 'desc' };
}

function useMedia(media: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(media).matches);
  useEffect(() => {
    const list = matchMedia(media);
    const listener = () => setMatches(list.matches);
    list.addEventListener('change', listener);
    return () => list.removeEventListener('change', listener);
  }, [media]);
  return matches;
}
