/** Whether the log is whole: its chains, checked line by line when somebody asks. */
import { useState } from 'preact/hooks';
import type { AuditCheck } from '../../contract.ts';
import { ask } from '../api.ts';
import { whole } from '../format.ts';
import { Failure } from '../parts/failure.tsx';
import { Field } from '../parts/field.tsx';
import { useText } from '../text.ts';
import { useAct } from '../use-act.ts';

const CHECK = 30036;

export function Chains() {
  const t = useText('audit');
  const [head, setHead] = useState('');
  const [checked, setChecked] = useState<AuditCheck | null>(null);
  const { busy, error, run } = useAct();
  return (
    <details class="card more">
      <summary>{t.check.title}</summary>
      <p>{t.check.about}</p>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          setChecked(null);
          void run(async () => setChecked(await ask<AuditCheck>(CHECK, { head: head.trim() })));
        }}
      >
        <details class="more">
          <summary>{t.check.seen}</summary>
          <Field label={t.check.head} hint={t.check.headHint}>
            {(control) => (
              <input
                {...control}
                class="mono"
                spellcheck={false}
                value={head}
                onInput={(event) => setHead(event.currentTarget.value)}
              />
            )}
          </Field>
        </details>
        <div class="actions">
          <button type="submit" disabled={busy}>
            {t.check.run}
          </button>
        </div>
      </form>
      {error && <Failure error={error} />}
      <div role="status">{busy ? t.check.busy : checked && <Verdict checked={checked} />}</div>
    </details>
  );
}

function Verdict({ checked }: { readonly checked: AuditCheck }) {
  const t = useText('audit');
  const isWhole = checked.result === 'success';
  return (
    <div class={isWhole ? 'verdict notice good' : 'verdict failure'}>
      <p>
        <strong>{isWhole ? t.check.whole : t.check.broken}</strong>
      </p>
      <ul>
        {checked.json_array_chains.map((chain) => (
          <li key={chain.chain}>
            {t.chains[chain.chain]}:{' '}
            {chain.fault ? (
              <>
                {t.check.fault(chain.fault.line)} <span lang="en">{chain.fault.why}</span>
              </>
            ) : (
              t.check.holds(whole(chain.checked))
            )}
            {chain.cut > 0 && ` ${t.check.cut(whole(chain.cut))}`}
          </li>
        ))}
        {checked.head && <li>{t.check.heads[checked.head.state]}</li>}
      </ul>
    </div>
  );
}
