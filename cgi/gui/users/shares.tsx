/** Links that show calls to whoever holds them: programs make them, and here they are seen and revoked. */
import { useState } from 'preact/hooks';
import type { ShareList, ShareRow } from '../../contract.ts';
import { ask } from '../api.ts';
import { Failure } from '../parts/failure.tsx';
import { Loading } from '../parts/loading.tsx';
import { Question } from '../parts/question.tsx';
import { tell } from '../parts/toast.tsx';
import { useText } from '../text.ts';
import { useAsk } from '../use-ask.ts';

const LIST = 30058;
const REVOKE = 30059;

export function Shares() {
  const { shares: t } = useText('users');
  const { answer, error, again } = useAsk<ShareList>(LIST);
  const [revoking, setRevoking] = useState<ShareRow | null>(null);
  const shares = answer?.json_array_shares ?? [];
  return (
    <section class="card" aria-labelledby="shares">
      <h2 id="shares">{t.title}</h2>
      <p class="soft">{t.about}</p>
      {error && <Failure error={error} again={again} />}
      {!answer && !error && <Loading />}
      {answer && shares.length === 0 && <p class="empty">{t.empty}</p>}
      <ul class="things">
        {shares.map((share) => (
          <li key={share.id} class="thing">
            <div class="thing-about">
              <strong>{t.name(share.id)}</strong> <span class="badge">{t.kinds[share.kind]}</span>
              <p>
                {t.calls(share.calls.split(',').length)}
                {share.recordings && ` · ${t.recordings}`}
              </p>
              <p class="soft">
                {t.made(share.made_by, share.made)} · {t.ends(share.expires)} ·{' '}
                {share.used === '' ? t.neverUsed : t.used(share.used)}
              </p>
            </div>
            <button type="button" class="danger" aria-label={t.revokeOf(share.id)} onClick={() => setRevoking(share)}>
              {t.revoke}
            </button>
          </li>
        ))}
      </ul>
      {revoking && (
        <Question
          title={t.revokeOf(revoking.id)}
          yes={t.revoke}
          danger
          onClose={() => setRevoking(null)}
          onYes={async () => {
            await ask(REVOKE, { id: revoking.id });
            tell(t.revoked(revoking.id));
            again();
          }}
        >
          <p>{t.revokeWhy}</p>
        </Question>
      )}
    </section>
  );
}
