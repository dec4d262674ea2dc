/** What doesn't go together (30029): recordings of no call, and calls whose recording is missing. For who sees the calls. */
import { useMemo, useState } from 'preact/hooks';
import type { TruthRow } from '../../contract.ts';
import { bytes, duration, whole } from '../format.ts';
import { boxClock, useMe } from '../me.ts';
import { More } from '../parts/more.tsx';
import { datesAsked } from '../parts/period.ts';
import { PeriodField } from '../parts/period.tsx';
import { Player } from '../parts/player.tsx';
import { Link, useQuery } from '../router.tsx';
import { useText } from '../text.ts';
import { usePages } from '../use-pages.ts';
import { Glyph } from './rows.tsx';

const TRUTH = 30029;
const LIMIT = 50;

export function Orphans({ kind }: { readonly kind: 'nocall' | 'missing' }) {
  const t = useText('recordings');
  const { me, drift } = useMe();
  const [query, change] = useQuery();
  const [opened, setOpened] = useState<string | null>(null);
  const times = ['period', 'startdate', 'enddate'].map((name) => query.get(name)).join();
  // The clock alone asks nothing anew.
  const parameters = useMemo(() => ({ kind, ...datesAsked(query, boxClock(drift, me.zone)) }), [kind, times]);
  const pages = usePages<TruthRow>(TRUTH, 'json_array_truth', parameters, LIMIT);
  const rows = pages.pages.flat();
  const isFile = kind === 'nocall';
  return (
    <>
      <p class="soft">{isFile ? t.orphans.nocallAbout : t.orphans.missingAbout}</p>
      <form class="card" aria-label={t.filter.title} onSubmit={(event) => event.preventDefault()}>
        <div class="fields">
          <PeriodField query={query} onChange={change} />
        </div>
      </form>
      <p role="status">{pages.total === null ? '' : t.orphans.total(whole(pages.total))}</p>
      {rows.length > 0 && (
        <table class="recordings orphans">
          <caption class="visually-hidden">{isFile ? t.tabs.nocall : t.tabs.missing}</caption>
          <thead>
            <tr>
              <th scope="col">{t.columns.date}</th>
              <th scope="col">{t.columns.source}</th>
              <th scope="col">{t.columns.destination}</th>
              <th scope="col" class="number">
                {t.columns.duration}
              </th>
              <th scope="col">{t.orphans.why}</th>
              <th scope="col">{isFile ? t.columns.recording : t.orphans.call}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => {
              const path = row.path ?? '';
              const name = t.name(row.src || '?', row.dst || '?', row.calldate);
              const isOpen = path !== '' && path === opened;
              return (
                <Finding
                  key={row.id ?? path}
                  row={row}
                  name={name}
                  opened={isOpen}
                  onOpen={() => setOpened(isOpen ? null : path)}
                />
              );
            })}
          </tbody>
        </table>
      )}
      {pages.total === 0 && !pages.busy && <p class="empty">{t.orphans.none}</p>}
      <More of={pages} />
    </>
  );
}

interface FindingProps {
  readonly row: TruthRow;
  readonly name: string;
  readonly opened: boolean;
  onOpen(): void;
}

function Finding({ row, name, opened, onOpen }: FindingProps) {
  const t = useText('recordings');
  const { codes } = useText('truth');
  const { path } = row;
  return (
    <>
      <tr>
        <td class="date">{row.calldate}</td>
        <td class="source">
          {row.src}
          {row.dst && <span class="narrow-only">{`\u00a0→ ${row.dst}`}</span>}
        </td>
        <td class="destination">{row.dst}</td>
        <td class="length number">{duration(Number(row.duration ?? row.billsec ?? 0))}</td>
        <td class="why">
          {codes[row.code as keyof typeof codes] ?? row.code} <br />
          <span class="soft path">{path ?? row['Recording filename']}</span>
          {row.size !== undefined && <span class="soft"> · {bytes(Number(row.size))}</span>}
        </td>
        <td class="acts">
          {path === undefined ? (
            <Link to={`/calls?call=${row.id}`}>{t.showCall}</Link>
          ) : (
            <button
              type="button"
              class="icon"
              aria-label={opened ? t.shut(name) : t.play(name)}
              aria-expanded={opened}
              onClick={onOpen}
            >
              <Glyph of={opened ? 'shut' : 'play'} />
            </button>
          )}
        </td>
      </tr>
      {opened && path !== undefined && (
        <tr class="opened">
          <td colSpan={6}>
            <Player path={path} label={name} begin />
          </td>
        </tr>
      )}
    </>
  );
}
