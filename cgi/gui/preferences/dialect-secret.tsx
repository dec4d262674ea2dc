/**
 * The secret that programs written for MOR make their hashes with (30057). The box tells whether there is one and never which:
 * who has forgotten it sets another, here and in the program.
 */
import { useState } from 'preact/hooks';
import type { DialectSecret } from '../../contract.ts';
import { ask } from '../api.ts';
import { Failure } from '../parts/failure.tsx';
import { Loading } from '../parts/loading.tsx';
import { PasswordField } from '../parts/password-field.tsx';
import { Question } from '../parts/question.tsx';
import { tell } from '../parts/toast.tsx';
import { useText } from '../text.ts';
import { useAct } from '../use-act.ts';
import { useAsk } from '../use-ask.ts';

const SECRET = 30057;
const MOR = { dialect: 'mor' };

export function DialectSecretCard() {
  const t = useText('preferences').dialects.secret;
  const { answer, error: failed, again } = useAsk<DialectSecret>(SECRET, MOR);
  const [secret, setSecret] = useState('');
  const [asking, setAsking] = useState(false);
  const { busy, error, run } = useAct();
  const put = async (text: string, said: string) => {
    await ask<DialectSecret>(SECRET, { ...MOR, secret: text });
    setSecret('');
    tell(said);
    again();
  };
  const isSet = answer?.secret === 'set';
  const fault = error?.parameter === 'secret' ? error.message : null;
  return (
    <form
      class="card form"
      aria-label={t.title}
      onSubmit={(event) => {
        event.preventDefault();
        void run(() => put(secret, t.done));
      }}
    >
      <h2>{t.title}</h2>
      {failed && <Failure error={failed} again={again} />}
      {!answer && !failed && <Loading />}
      {answer && (
        <>
          <p>
            <span class={`badge ${isSet ? 'good' : ''}`}>{isSet ? t.set : t.none}</span>{' '}
            {isSet ? t.setHint : t.noneHint}
          </p>
          <PasswordField
            label={isSet ? t.another : t.first}
            value={secret}
            fresh
            hint={t.hint}
            fault={fault}
            onChange={setSecret}
          />
          {error && fault === null && <Failure error={error} />}
          <div class="actions">
            <button type="submit" class="primary" disabled={busy || secret === ''}>
              {t.save}
            </button>
            {isSet && (
              <button type="button" onClick={() => setAsking(true)}>
                {t.remove}
              </button>
            )}
          </div>
        </>
      )}
      {asking && (
        <Question
          title={t.remove}
          yes={t.remove}
          danger
          onYes={() => put('', t.removed)}
          onClose={() => setAsking(false)}
        >
          <p>{t.removeWhy}</p>
        </Question>
      )}
    </form>
  );
}
