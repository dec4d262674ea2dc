/** API keys: how programs come in, without anybody's password. */
import { useState } from 'preact/hooks';
import type { KeyList, KeyMade, KeyRow } from '../../contract.ts';
import { ask } from '../api.ts';
import { Failure } from '../parts/failure.tsx';
import { Loading } from '../parts/loading.tsx';
import { Question } from '../parts/question.tsx';
import { tell } from '../parts/toast.tsx';
import { useText } from '../text.ts';
import { useAsk } from '../use-ask.ts';
import { KeyDialog } from './key-dialog.tsx';
import { KeyShown } from './key-shown.tsx';
import { purposesOf, scopesOf } from './purposes.ts';

const LIST = 30010;
const REVOKE = 30012;

export function Keys() {
  const t = useText('users');
  const { answer, error, again } = useAsk<KeyList>(LIST);
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<KeyMade | null>(null);
  const [revoking, setRevoking] = useState<KeyRow | null>(null);
  const keys = answer?.json_array_keys ?? [];
  return (
    <section class="card" aria-labelledby="keys">
      <header class="section-head">
        <h2 id="keys">{t.keys.title}</h2>
        <button type="button" class="primary" onClick={() => setMaking(true)}>
          {t.keys.add}
        </button>
      </header>
      <p class="soft">{t.keys.about}</p>
      {error && <Failure error={error} again={again} />}
      {!answer && !error && <Loading />}
      {answer && keys.length === 0 && <p class="empty">{t.keys.empty}</p>}
      <ul class="things">
        {keys.map((key) => (
          <li key={key.id} class="thing">
            <div class="thing-about">
              <strong>{key.name}</strong> <span class="badge">{t.roles[key.role]}</span>
              <p>{mayWords(key, t)}</p>
              <p class="soft">
                {t.keys.made(key.made_by, key.made)} · {key.expires === '' ? t.keys.noEnd : t.keys.ends(key.expires)} ·{' '}
                {key.used === '' ? t.keys.neverUsed : t.keys.used(key.used)}
              </p>
            </div>
            <button
              type="button"
              class="danger"
              aria-label={t.keys.revokeOf(key.name)}
              onClick={() => setRevoking(key)}
            >
              {t.keys.revoke}
            </button>
          </li>
        ))}
      </ul>
      {making && (
        <KeyDialog
          onClose={() => setMaking(false)}
          onMade={(key) => {
            setMaking(false);
            setMade(key);
            again();
          }}
        />
      )}
      {made && <KeyShown made={made} onClose={() => setMade(null)} />}
      {revoking && (
        <Question
          title={t.keys.revokeOf(revoking.name)}
          yes={t.keys.revoke}
          danger
          onClose={() => setRevoking(null)}
          onYes={async () => {
            await ask(REVOKE, { id: revoking.id });
            tell(t.keys.revoked(revoking.name));
            again();
          }}
        >
          <p>{t.keys.revokeWhy}</p>
        </Question>
      )}
    </section>
  );
}

/** What a key may do, in the words by which it was made; numbers that no words cover as they are. */
function mayWords({ role, numbers, scopes }: KeyRow, t: ReturnType<typeof useText<'users'>>): string {
  const besides = scopesOf(scopes).map((scope) => t.keys.scopes[scope]);
  if (numbers === '') return [t.keys.all[role], ...besides].join(' · ');
  const { purposes, rest } = purposesOf(numbers.split(',').map(Number));
  const words = purposes.map((purpose) => t.keys.purposes[purpose]);
  return [...words, ...(rest.length > 0 ? [t.keys.numbers(rest.join(', '))] : []), ...besides].join(' · ');
}
