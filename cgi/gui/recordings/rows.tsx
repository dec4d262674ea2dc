/**
 * The recordings as a table; on a phone each row is a card. A recording is played in its row, which opens in place. Rows far
 * from what is seen are not drawn, so that the list stays quick however long it has become.
 */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { RecordingRow } from '../../contract.ts';
import { bytes, duration } from '../format.ts';
import { useMe } from '../me.ts';
import { Player } from '../parts/player.tsx';
import { soundAddress } from '../parts/sound-address.ts';
import { Link } from '../router.tsx';
import { useText } from '../text.ts';
import type { Selection } from './selection.ts';
import type { Changes } from './use-changes.ts';

export interface RowActions {
  /** @param index Of the row in the whole list. @param range Up to the one that was ticked last. */
  tick(index: number, ticked: boolean, range: boolean): void;
  /** null: none is open. */
  open(path: string | null): void;
  keep(row: RecordingRow, keep: boolean): void;
  remove(row: RecordingRow): void;
}

interface RowsProps {
  readonly pages: readonly (readonly RecordingRow[])[];
  readonly total: number;
  readonly selection: Selection;
  readonly changes: Changes;
  readonly opened: string | null;
  readonly actions: RowActions;
  /** Those that are loaded and shown. */
  readonly allTicked: boolean;
  tickAll(ticked: boolean): void;
}

const COLUMNS = 8;

export function Rows(props: RowsProps) {
  const { pages, total, selection, changes, opened, actions, allTicked, tickAll } = props;
  const rowHeight = useRef(0);
  const t = useText('recordings');
  const all = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (all.current) all.current.indeterminate = selection.size > 0 && !allTicked;
  });
  let first = 0;
  return (
    <table class="recordings" aria-rowcount={total + 1}>
      <caption class="visually-hidden">{t.caption}</caption>
      <thead>
        <tr>
          <th class="tick">
            <label class="tick-box">
              <input
                ref={all}
                type="checkbox"
                checked={allTicked}
                onChange={(event) => tickAll(event.currentTarget.checked)}
              />
              <span>{t.tickShown}</span>
            </label>
          </th>
          <th scope="col">{t.columns.date}</th>
          <th scope="col">{t.columns.source}</th>
          <th scope="col">{t.columns.destination}</th>
          <th scope="col">{t.columns.trunk}</th>
          <th scope="col">{t.columns.direction}</th>
          <th scope="col" class="number">
            {t.columns.duration}
          </th>
          <th scope="col">{t.columns.recording}</th>
        </tr>
      </thead>
      {pages.flatMap(chunksOf).map((rows, index) => {
        const begin = first;
        first += rows.length;
        return <Chunk key={index} {...{ rows, selection, changes, opened, actions, rowHeight }} first={begin} />;
      })}
    </table>
  );
}

interface ChunkProps extends Pick<RowsProps, 'selection' | 'changes' | 'opened' | 'actions'> {
  readonly rows: readonly RecordingRow[];
  /** Index of the first in the whole list. */
  readonly first: number;
  /** Pixels of a row, as far as is known: what those take that are not drawn yet. */
  readonly rowHeight: { current: number };
}

/** Rows that are drawn, or not drawn, together: so many at once are no more than a few milliseconds' work. */
const CHUNK = 15;
/** Pixels from what is seen, within which rows are drawn. */
const NEAR = '800px 0px';

/** A page never changes, and its chunks are always the same ones. */
const chunks = new WeakMap<readonly RecordingRow[], readonly (readonly RecordingRow[])[]>();

function chunksOf(page: readonly RecordingRow[]): readonly (readonly RecordingRow[])[] {
  const known = chunks.get(page);
  if (known) return known;
  const count = Math.ceil(page.length / CHUNK);
  const made = Array.from({ length: count }, (_, index) => page.slice(index * CHUNK, (index + 1) * CHUNK));
  chunks.set(page, made);
  return made;
}

function Chunk({ rows, first, selection, changes, opened, actions, rowHeight }: ChunkProps) {
  const body = useRef<HTMLTableSectionElement>(null);
  const height = useRef(rows.length * rowHeight.current);
  // Of a list that begins what is seen must be there at once; what is loaded later lies below it.
  const [near, setNear] = useState(rowHeight.current === 0);
  useEffect(() => {
    if (!body.current) return;
    const observer = new IntersectionObserver(
      (entries) => {
        const entry = entries.at(-1);
        if (!entry) return;
        // As the browser knows it: to ask for it would have the whole table laid out.
        if (!entry.isIntersecting) height.current = entry.boundingClientRect.height;
        setNear(entry.isIntersecting);
      },
      { rootMargin: NEAR },
    );
    observer.observe(body.current);
    return () => observer.disconnect();
  }, []);
  // What plays goes on, and the focus isn't lost.
  const held = rows.some(({ path }) => path === opened) || (body.current?.contains(document.activeElement) ?? false);
  const drawn = near || held;
  useEffect(() => {
    if (drawn && rowHeight.current === 0) rowHeight.current = (body.current?.offsetHeight ?? 0) / rows.length;
  }, [drawn, rowHeight, rows]);
  // The same rows as before are not looked at again when others come.
  const shown = useMemo(
    () =>
      !drawn
        ? null
        : rows.map((row, index) =>
            changes.removed.has(row.path) ? null : (
              <Row
                key={row.path}
                row={row}
                index={first + index}
                ticked={selection.has(row.path)}
                kept={changes.isKept(row)}
                opened={row.path === opened}
                actions={actions}
              />
            ),
          ),
    [drawn, rows, first, selection, changes, opened, actions],
  );
  if (!drawn)
    return (
      <tbody ref={body} aria-hidden="true">
        <tr>
          <td class="gap" colSpan={COLUMNS} style={{ height: `${height.current}px` }} />
        </tr>
      </tbody>
    );
  return <tbody ref={body}>{shown}</tbody>;
}

interface RowProps {
  readonly row: RecordingRow;
  readonly index: number;
  readonly ticked: boolean;
  readonly kept: boolean;
  readonly opened: boolean;
  readonly actions: RowActions;
}

function Row({ row, index, ticked, kept, opened, actions }: RowProps) {
  const t = useText('recordings');
  const types = t.filter.types as Readonly<Record<string, string>>;
  const { calldate, src, dst, trunk, calltype, path } = row;
  const away = row.online === false;
  const name = t.name(src || '?', dst || '?', calldate);
  return (
    <>
      <tr class={ticked ? 'ticked' : ''} aria-rowindex={index + 2}>
        <td class="tick">
          <label class="tick-box">
            <input
              type="checkbox"
              checked={ticked}
              aria-label={t.tick(name)}
              onClick={(event) => actions.tick(index, event.currentTarget.checked, event.shiftKey)}
            />
          </label>
        </td>
        <td class="date">
          {calldate.slice(0, 16)}
          <span class="wide-only">{calldate.slice(16)}</span>
        </td>
        <td class="source">
          {src ? <span class="number-of">{src}</span> : <span class="soft">{fileName(path)}</span>}
          {dst && <span class="narrow-only">{`\u00a0→ ${dst}`}</span>}
        </td>
        <td class="destination">{dst}</td>
        <td class="trunk">{trunk}</td>
        <td class="direction">{types[calltype] ?? calltype}</td>
        <td class="length number">{duration(Number(row.duration))}</td>
        <td class="acts">
          <div class="actions">
            {away ? (
              <span class="badge warn">{t.away}</span>
            ) : (
              <button
                type="button"
                class="icon"
                aria-label={opened ? t.shut(name) : t.play(name)}
                aria-expanded={opened}
                title={opened ? t.shutShort : t.playShort}
                onClick={() => actions.open(opened ? null : path)}
              >
                <Glyph of={opened ? 'shut' : 'play'} />
              </button>
            )}
            <button
              type="button"
              class={kept ? 'icon plain star' : 'icon plain star wide-only'}
              aria-label={t.keepOne(name)}
              aria-pressed={kept}
              title={kept ? t.kept : t.keep}
              onClick={() => actions.keep(row, !kept)}
            >
              <Glyph of={kept ? 'kept' : 'keep'} />
            </button>
            {!away && (
              <a
                class="button icon plain wide-only"
                href={soundAddress(path, true)}
                download
                aria-label={t.save(name)}
                title={t.saveShort}
              >
                <Glyph of="save" />
              </a>
            )}
            <button
              type="button"
              class="icon plain wide-only"
              aria-label={t.remove(name)}
              title={t.removeShort}
              onClick={() => actions.remove(row)}
            >
              <Glyph of="remove" />
            </button>
          </div>
        </td>
      </tr>
      {opened && (
        <tr class="opened">
          <td colSpan={COLUMNS}>
            <Player path={path} label={name} begin />
            <Facts row={row} kept={kept} actions={actions} />
          </td>
        </tr>
      )}
    </>
  );
}

function Facts({ row, kept, actions }: Pick<RowProps, 'row' | 'kept' | 'actions'>) {
  const t = useText('recordings');
  const { me } = useMe();
  return (
    <div class="facts">
      <span class="soft path">
        {row.path} · {bytes(Number(row.size))}
      </span>
      {me.role === 'admin' && row.call !== '' && <Link to={`/calls?call=${row.call}`}>{t.showCall}</Link>}
      <span class="actions narrow-only">
        <button type="button" onClick={() => actions.keep(row, !kept)}>
          {kept ? t.ticked.unkeep : t.ticked.keep}
        </button>
        <button type="button" class="danger" onClick={() => actions.remove(row)}>
          {t.removeShort}
        </button>
      </span>
    </div>
  );
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

const SHAPES = {
  play: 'M7 4v16l13-8z',
  shut: 'M12 7l8 8-1.4 1.4-6.6-6.6-6.6 6.6L4 15z',
  save: 'M11 3h2v9l4-4 1.4 1.4L12 16l-6.4-6.6L7 8l4 4zM4 18h16v2H4z',
  remove: 'M9 3h6l1 2h4v2H4V5h4zM6 9h12l-1 12H7zm3 2 .5 8H11l-.3-8zm4.3 0L13 19h1.5l.5-8z',
  keep: 'M12 2.5l2.9 6.3 6.9.8-5.1 4.7 1.4 6.8L12 17.7l-6.1 3.4 1.4-6.8L2.2 9.6l6.9-.8zm0 4.8l-1.6 3.4-3.7.4 2.7 2.5-.7 3.7 3.3-1.9 3.3 1.9-.7-3.7 2.7-2.5-3.7-.4z',
  kept: 'M12 2.5l2.9 6.3 6.9.8-5.1 4.7 1.4 6.8L12 17.7l-6.1 3.4 1.4-6.8L2.2 9.6l6.9-.8z',
};

export function Glyph({ of }: { readonly of: keyof typeof SHAPES }) {
  return (
    <svg class="glyph" viewBox="0 0 24 24" aria-hidden="true">
      <path fill-rule="evenodd" d={SHAPES[of]} />
    </svg>
  );
}
