/** The backups there are, one more now, and how to go back to one. */
import { useState } from 'preact/hooks';
import type { BackupList, BackupMade, BackupRow } from '../../contract.ts';
import { AskError, ask } from '../api.ts';
import { bytes } from '../format.ts';
import { Copy } from '../parts/copy.tsx';
import { Failure } from '../parts/failure.tsx';
import { Loading } from '../parts/loading.tsx';
import { tell } from '../parts/toast.tsx';
import { useText } from '../text.ts';
import { useAsk } from '../use-ask.ts';
import { usePoll } from '../use-poll.ts';

const LIST = 30027;
const MAKE = 30028;
const RUNNING_MS = 2_000;
/** Where the packages put it; who keeps it elsewhere knows. */
const RESTORE = `systemctl stop cdrd
cdrd restore --latest --config /etc/cdrd/cdrd.toml
systemctl start cdrd`;

export function Backups() {
  const t = useText('retention');
  const { answer, error, again } = useAsk<BackupList>(LIST);
  const [making, setMaking] = useState(false);
  const running = making || answer?.running === true;
  usePoll(again, running ? RUNNING_MS : null);

  const make = async () => {
    setMaking(true);
    try {
      const made = await ask<BackupMade>(MAKE);
      tell(made.running ? t.backupGoesOn : t.backupMade);
    } catch (failed) {
      if (!(failed instanceof AskError)) throw failed;
      tell({ text: failed.message, failed: true });
    }
    setMaking(false);
    again();
  };

  return (
    <section class="card" aria-labelledby="backup-list">
      <div class="page-head">
        <h2 id="backup-list">{t.backupList}</h2>
        <button type="button" disabled={running} onClick={() => void make()}>
          {running ? t.running : t.backupNow}
        </button>
      </div>
      {error && <Failure error={error} again={again} />}
      {!answer && !error && <Loading />}
      {answer && (
        <>
          {answer.why !== '' && (
            <div class="failure">
              <p>
                <strong>{t.backupFailed}</strong>
              </p>
              <p lang="en">{answer.why}</p>
            </div>
          )}
          {answer.offline !== undefined && (
            <div class="notice">
              <p>{t.backupOffline}</p>
              <p lang="en">{answer.offline}</p>
            </div>
          )}
          {answer.next !== null && <p class="soft">{t.backupNext(answer.next)}</p>}
          {answer.json_array_backups.length === 0 ? (
            <p class="empty">{t.backupNone}</p>
          ) : (
            <BackupTable rows={answer.json_array_backups} />
          )}
        </>
      )}
      <details>
        <summary>{t.restore}</summary>
        <p>{t.restoreAbout}</p>
        <Copy text={RESTORE} label={t.restoreCommand} />
      </details>
    </section>
  );
}

function BackupTable({ rows }: { readonly rows: readonly BackupRow[] }) {
  const t = useText('retention');
  return (
    <table class="backups">
      <caption class="visually-hidden">{t.backupList}</caption>
      <thead>
        <tr>
          <th scope="col">{t.columns.time}</th>
          <th scope="col">{t.columns.state}</th>
          <th scope="col" class="number">
            {t.columns.size}
          </th>
          <th scope="col">{t.columns.place}</th>
          <th scope="col" class="wide-only">
            {t.columns.name}
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={`${row.place} ${row.name}`}>
            <td>{row.time}</td>
            <td>
              <span class={`badge ${row.proven ? 'good' : row.checksum === 'different' ? 'bad' : 'warn'}`}>
                {row.proven ? t.proven : t.checksums[row.checksum]}
              </span>
            </td>
            <td class="number">{bytes(row.bytes)}</td>
            <td>{t.places[row.place]}</td>
            <td class="wide-only">
              <code>{row.name}</code>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
