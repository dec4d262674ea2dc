/* biome-ignore-all lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: a grid whose rows are placed by number is
   no table, and its focus is its own, which tells the active row. */
/**
 * An endless list that the whole page scrolls: only the rows in view are there, whatever their number. By keyboard the list is
 * one stop: arrows, Page, Home and End move along it, Enter opens, Space ticks. Screen readers are told row and number of rows.
 */
import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Failure } from './failure.tsx';
import { heightOf, placeOf, type Scrolled, scrolledTo } from './long-list.ts';
import { type FetchRows, useLongRows } from './long-rows.ts';

interface LongListProps<Row> {
  /** What the rows are, for screen readers. */
  readonly label: string;
  /** What is listed: another one begins at the top, with nothing loaded. */
  readonly question: string;
  /** Raised: the same is listed anew, where one stands. */
  readonly turn?: number;
  /** Rows there are, as far as is known; null: it isn't known yet whether there are any. */
  readonly total: number | null;
  /** Pixels, all of one height. */
  readonly rowHeight: number;
  readonly fetchRows: FetchRows<Row>;
  /** The names of the columns, each a `columnheader`. */
  readonly head?: ComponentChildren;
  /** The cells of a row, each a `gridcell`. The same function each time draws a row anew only when it is another one. */
  renderRow(row: Row, index: number): ComponentChildren;
  readonly onOpen?: (row: Row, index: number) => void;
  readonly onToggle?: (row: Row, index: number) => void;
  readonly isSelected?: (row: Row) => boolean;
}

/** Rows drawn above and below what is seen. */
const BEYOND = 6;
/** What stands fixed above the list: the bar of the shell, and the head of the list itself. */
const FIXED = 48;

interface View {
  readonly scrolled: Scrolled;
  readonly first: number;
  readonly last: number;
  /** Rows that are seen whole. */
  readonly whole: number;
}

export function LongList<Row>(props: LongListProps<Row>) {
  const {
    label,
    question,
    turn = 0,
    total,
    rowHeight,
    fetchRows,
    head,
    renderRow,
    onOpen,
    onToggle,
    isSelected,
  } = props;
  const id = useId();
  const rows = useLongRows(`${question} ${turn}`, total, fetchRows);
  const { look } = rows;
  const list = useRef<HTMLDivElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const [view, setView] = useState<View>({ scrolled: { top: 0, shift: 0 }, first: 0, last: 0, whole: 1 });
  const place = useRef<Scrolled>(view.scrolled);
  const count = total ?? 0;
  const height = heightOf(count, rowHeight);

  const measure = useCallback(() => {
    const element = body.current;
    if (!element) return;
    const { top, height: drawn } = element.getBoundingClientRect();
    const seen = Math.max(rowHeight, innerHeight - FIXED);
    const above = Math.max(0, Math.min(FIXED - top, Math.max(0, drawn - seen)));
    const next = scrolledTo(place.current, above, Math.min(seen, drawn), count, rowHeight);
    place.current = next;
    if (next.top !== above) scrollBy(0, next.top - above);
    const pixel = next.top + next.shift;
    const first = Math.max(0, Math.floor(pixel / rowHeight) - BEYOND);
    // Before the list has come up, less of it is seen.
    const below = innerHeight - Math.max(top, FIXED);
    const last = Math.min(count - 1, Math.ceil((pixel + Math.max(0, below)) / rowHeight) + BEYOND);
    const whole = Math.max(1, Math.floor(seen / rowHeight) - 1);
    setView((before) =>
      before.first === first && before.last === last && before.scrolled.shift === next.shift && before.whole === whole
        ? before
        : { scrolled: next, first, last, whole },
    );
    look(first, Math.max(first, last));
  }, [count, rowHeight, look]);

  // Another question begins at the top.
  useLayoutEffect(() => {
    setActive(0);
    place.current = { top: 0, shift: 0 };
    const top = list.current?.getBoundingClientRect().top ?? 0;
    if (top < 0) scrollBy(0, top - FIXED);
  }, [question]);
  useLayoutEffect(measure, [measure]);
  useEffect(() => {
    let asked = 0;
    const listener = () => {
      if (asked === 0)
        asked = requestAnimationFrame(() => {
          asked = 0;
          measure();
        });
    };
    addEventListener('scroll', listener, { passive: true });
    addEventListener('resize', listener);
    return () => {
      cancelAnimationFrame(asked);
      removeEventListener('scroll', listener);
      removeEventListener('resize', listener);
    };
  }, [measure]);

  /** Makes a row the active one, and seen. */
  const moveTo = (wanted: number) => {
    const index = Math.max(0, Math.min(count - 1, wanted));
    setActive(index);
    const element = body.current;
    if (!element || count === 0) return;
    const { top, height: drawn } = element.getBoundingClientRect();
    const headHeight = list.current?.querySelector('.long-head')?.getBoundingClientRect().height ?? 0;
    const seen = innerHeight - FIXED - headHeight;
    const pixel = place.current.shift + FIXED + headHeight - top; // of the whole list, at the upper edge
    const from = index * rowHeight;
    if (from >= pixel && from + rowHeight <= pixel + seen) return;
    const edge = from < pixel ? from : from + rowHeight - seen;
    const next = placeOf(edge, Math.min(seen, drawn), count, rowHeight);
    place.current = { top: next.top + headHeight, shift: next.shift };
    setView((before) => ({ ...before, scrolled: place.current }));
    scrollBy(0, next.top - (FIXED + headHeight - top));
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== list.current || event.altKey || event.metaKey) return;
    const row = rows.row(active);
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + view.whole,
      PageUp: active - view.whole,
      Home: 0,
      End: count - 1,
    };
    const step = steps[event.key];
    if (step !== undefined) moveTo(step);
    else if (event.key === 'Enter' && row && onOpen) onOpen(row, active);
    else if (event.key === ' ' && row && onToggle) onToggle(row, active);
    else return;
    event.preventDefault();
  };

  const drawn: number[] = [];
  for (let index = view.first; index <= Math.min(view.last, count - 1); index++) drawn.push(index);
  const isDrawn = active >= view.first && active <= view.last && active < count;
  return (
    <>
      {rows.error && <Failure error={rows.error} again={rows.again} />}
      <div
        ref={list}
        class="long-list"
        role="grid"
        tabIndex={0}
        aria-label={label}
        aria-rowcount={total === null ? -1 : count + (head ? 1 : 0)}
        aria-busy={total === null}
        aria-activedescendant={isDrawn ? `${id}-${active}` : undefined}
        aria-multiselectable={isSelected ? true : undefined}
        onKeyDown={onKeyDown}
      >
        {head && (
          <div class="long-head" role="row" aria-rowindex={1}>
            {head}
          </div>
        )}
        <div ref={body} class="long-body" role="rowgroup" style={{ height: `${height}px` }}>
          {drawn.map((index) => {
            const row = rows.row(index);
            return (
              // biome-ignore lint/a11y/useKeyWithClickEvents: keys are the list's, which has the focus.
              <div
                key={index}
                id={`${id}-${index}`}
                class={`long-row${index === active ? ' active' : ''}${row ? '' : ' waiting'}`}
                role="row"
                tabIndex={-1}
                aria-rowindex={index + (head ? 2 : 1)}
                aria-selected={row && isSelected ? isSelected(row) : undefined}
                style={{ top: `${index * rowHeight - view.scrolled.shift}px`, height: `${rowHeight}px` }}
                onClick={(event) => {
                  setActive(index);
                  list.current?.focus({ preventScroll: true });
                  const own = (event.target as Element).closest('a, button, input, label');
                  if (row && !own) onOpen?.(row, index);
                }}
              >
                {row && <Cells row={row} index={index} renderRow={renderRow} />}
              </div>
            );
          })}
        </div>
      </div>
    </>
  );
}

interface CellsProps<Row> {
  readonly row: Row;
  readonly index: number;
  renderRow(row: Row, index: number): ComponentChildren;
}

/** While one scrolls, most rows that are seen were seen before: what is drawn of them stays. */
function Cells<Row>({ row, index, renderRow }: CellsProps<Row>) {
  const cells = useMemo(() => renderRow(row, index), [row, index, renderRow]);
  return <>{cells}</>;
}
