/** The filter of the log. It takes effect when it is sent, and stands in the address. */
import { useEffect, useState } from 'preact/hooks';
import { AUDIT_CHAINS } from '../../contract.ts';
import { Field } from '../parts/field.tsx';
import { useQuery } from '../router.tsx';
import { useText } from '../text.ts';
import { ACTION_GROUPS } from './words.ts';

/** Names of 30018. */
export const FILTER = ['startdate', 'enddate', 'who', 'address', 'action', 'chain'] as const;
type Name = (typeof FILTER)[number];
type Values = Readonly<Record<Name, string>>;

/** What of an address is a filter. */
export function filterIn(query: URLSearchParams): Values {
  return Object.fromEntries(FILTER.map((name) => [name, query.get(name) ?? ''])) as Values;
}

export function AuditFilterForm() {
  const t = useText('audit');
  const [query, change] = useQuery();
  const now = filterIn(query);
  const [values, setValues] = useState(now);
  const key = JSON.stringify(now);
  // Back and forward bring the fields along.
  useEffect(() => setValues(JSON.parse(key) as Values), [key]);
  const set = (name: Name) => (event: { currentTarget: HTMLInputElement | HTMLSelectElement }) =>
    setValues({ ...values, [name]: event.currentTarget.value });
  const isSet = FILTER.some((name) => now[name] !== '');
  return (
    <details class="card more" open={isSet}>
      <summary>{t.filter.title}</summary>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          change(values);
        }}
      >
        <div class="fields">
          <Field label={t.filter.from}>
            {(control) => (
              <input
                {...control}
                type="datetime-local"
                value={values.startdate.replace(' ', 'T')}
                onInput={(event) => setValues({ ...values, startdate: dateText(event.currentTarget.value) })}
              />
            )}
          </Field>
          <Field label={t.filter.to}>
            {(control) => (
              <input
                {...control}
                type="datetime-local"
                value={values.enddate.replace(' ', 'T')}
                onInput={(event) => setValues({ ...values, enddate: dateText(event.currentTarget.value) })}
              />
            )}
          </Field>
          <Field label={t.filter.who} hint={t.filter.whoHint}>
            {(control) => (
              <input {...control} autocapitalize="none" spellcheck={false} value={values.who} onInput={set('who')} />
            )}
          </Field>
          <Field label={t.filter.address}>
            {(control) => (
              <input {...control} inputMode="text" spellcheck={false} value={values.address} onInput={set('address')} />
            )}
          </Field>
          <Field label={t.filter.action}>
            {(control) => (
              <select {...control} value={values.action} onChange={set('action')}>
                <option value="">{t.filter.all}</option>
                {ACTION_GROUPS.map((group) => (
                  <option key={group} value={group}>
                    {t.groups[group]}
                  </option>
                ))}
                {values.action !== '' && !ACTION_GROUPS.some((group) => group === values.action) && (
                  <option value={values.action}>{values.action}</option>
                )}
              </select>
            )}
          </Field>
          <Field label={t.filter.chain}>
            {(control) => (
              <select {...control} value={values.chain} onChange={set('chain')}>
                <option value="">{t.filter.all}</option>
                {AUDIT_CHAINS.map((chain) => (
                  <option key={chain} value={chain}>
                    {t.chains[chain]}
                  </option>
                ))}
              </select>
            )}
          </Field>
        </div>
        <div class="actions">
          <button type="submit" class="primary">
            {t.filter.show}
          </button>
          <button
            type="button"
            onClick={() => change(Object.fromEntries(FILTER.map((name) => [name, null])))}
            disabled={!isSet}
          >
            {t.filter.clear}
          </button>
        </div>
      </form>
    </details>
  );
}

/** As 30018 takes it. */
function dateText(value: string): string {
  return value.replace('T', ' ');
}
