/** The findings of one kind, newest first: calls or files, each with what was found, and where to go from there. */
import { useState } from 'preact/hooks';
import type { RepairedHeaders, TruthKind, TruthRow, TruthRows } from '../../contract.ts';
import { AskError, ask, addressOf as linkTo } from '../api.ts';
import { duration, whole } from '../format.ts';
import { ListEnd } from '../parts/list-end.tsx';
import { Player } from '../parts/player.tsx';
import { Question } from '../parts/question.tsx';
import { tell } from '../parts/toast.tsx';
import { Link, useQuery } from '../router.tsx';
import { useText } from '../text.ts';
import { useMore } from '../use-more.ts';
import { wordOf } from './counts.tsx';
import { useDates } from './times.ts';

const TRUTH = 30029;
const REPAIR = 30030;
const PART = 100;
/** As many as 30030 takes at once. */
const REPAIR_MAX = 200;

interface FindingsProps {
  readonly kind: TruthKind;
  addressOf(kind: TruthKind, code?: string): string;
}

export function Findings({ kind, addressOf }: FindingsProps) {
  const t = useText('truth');
  const [query] = useQuery();
  const code = query.get('code') ?? '';
  const filter = { ...useDates(query), kind, code };
  const list = useMore<TruthRows, TruthRow>(
    TRUTH,
    { ...filter, limit: PART },
    {
      rows: ({ json_array_truth }) => json_array_truth,
      next: ({ json_obj_filter: { cursor } }) => (cursor === undefined ? null : { cursor }),
    },
  );
  const [repairing, setRepairing] = useState<readonly string[] | null>(null);
  const { title, meaning, act } = t.kinds[kind];
  const mendable = list.rows
    .filter((row) => row.repairable === 'yes' && row.path)
    .map(({ path = '' }) => path)
    .slice(0, REPAIR_MAX);
  const total = list.answer?.json_obj_filter.totalcount;

  const putBack = async (paths: readonly string[]) => {
    try {
      await ask<RepairedHeaders>(REPAIR, { wavefiles: paths.join(';'), original: true });
      tell(t.restored);
    } catch (error) {
      if (!(error instanceof AskError)) throw error;
      tell({ text: error.message, failed: true });
    }
    list.again();
  };
  const repair = async (paths: readonly string[]) => {
    const answer = await ask<RepairedHeaders>(REPAIR, { wavefiles: paths.join(';') });
    const left = paths.length - (answer.repaired ?? 0);
    if (left > 0) tell({ text: t.notRepaired(whole(left)), failed: true });
    else tell({ text: t.repaired(whole(paths.length)), action: { label: t.original, run: () => void putBack(paths) } });
    list.again();
  };

  return (
    <section aria-label={title} aria-busy={list.busy}>
      <div class="page-head">
        <h2>
          {title}
          {code !== '' && `: ${wordOf(t.codes, code)}`}
        </h2>
        <div class="actions">
          {mendable.length > 1 && (
            <button type="button" onClick={() => setRepairing(mendable)}>
              {t.repairAll(whole(mendable.length))}
            </button>
          )}
          <a class="button" href={linkTo(TRUTH, { ...filter, format: 'csv' })} download={`truth-${kind}.csv`}>
            {t.csv}
          </a>
        </div>
      </div>
      <p>{meaning}</p>
      <p class="soft">{act}</p>
      {code !== '' && (
        <p>
          <Link to={addressOf(kind)}>{t.showOf(title)}</Link>
        </p>
      )}
      <p role="status" class="soft">
        {total !== undefined && t.findings(whole(total))}
      </p>
      {list.rows.length > 0 && (
        <ol class="findings">
          {list.rows.map((row) => (
            <Finding
              key={`${row.id ?? ''} ${row.path ?? row['Recording filename'] ?? ''} ${row.code}`}
              row={row}
              onRepair={setRepairing}
            />
          ))}
        </ol>
      )}
      {!list.busy && !list.error && list.rows.length === 0 && <p class="empty">{t.fine}</p>}
      <ListEnd list={list} />
      {repairing && (
        <Question
          title={t.repairTitle}
          yes={t.repairYes}
          onYes={() => repair(repairing)}
          onClose={() => setRepairing(null)}
        >
          <p>{t.repairAbout(whole(repairing.length))}</p>
        </Question>
      )}
    </section>
  );
}

interface FindingProps {
  readonly row: TruthRow;
  onRepair(paths: readonly string[]): void;
}

function Finding({ row, onRepair }: FindingProps) {
  const t = useText('truth');
  const [playing, setPlaying] = useState(false);
  const { path, code, sure, who, when } = row;
  const file = path ?? row['Recording filename'] ?? '';
  const what = `${row.calldate}, ${row.src} → ${row.dst}`;
  const isFile = path !== undefined;
  return (
    <li class="finding">
      <div class="finding-who">
        <time>{row.calldate}</time>{' '}
        <span>
          {row.src || '?'} → {row.dst || '?'}
        </span>
        {row.duration !== undefined && Number(row.duration) > 0 && (
          <span class="soft number">{duration(Number(row.duration))}</span>
        )}
      </div>
      <p class="finding-what">
        {wordOf(t.codes, code)} <span class="badge">{wordOf(t.sure, sure)}</span>
        {who && <span class="soft">{t.byWhom(who, when ?? '')}</span>}
      </p>
      {file !== '' && <code class="finding-file">{file}</code>}
      <div class="actions">
        {row.id !== undefined && row.id !== '' && (
          <Link to={`/calls?call=${row.id}`} class="button">
            <span aria-hidden="true">{t.call}</span>
            <span class="visually-hidden">{t.callOf(what)}</span>
          </Link>
        )}
        {isFile && (
          <button
            type="button"
            aria-expanded={playing}
            aria-label={t.playOf(what)}
            onClick={() => setPlaying(!playing)}
          >
            {t.play}
          </button>
        )}
        {row.repairable === 'yes' && (
          <button type="button" aria-label={t.repairOf(file)} onClick={() => onRepair([file])}>
            {t.repair}
          </button>
        )}
      </div>
      {playing && <Player path={file} label={what} begin />}
    </li>
  );
}
