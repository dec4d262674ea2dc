/** Times to filter by, as they are chosen: a period that moves along, ever, or from and to. */
import { useEffect, useState } from 'preact/hooks';
import { PERIODS } from '../../contract.ts';
import type { Patch } from '../router.tsx';
import { useText } from '../text.ts';
import { Field } from './field.tsx';
import { isPeriod } from './period.ts';

interface PeriodFieldProps {
  /** `period`, or `startdate` and `enddate`, as they stand in the address bar. */
  readonly query: URLSearchParams;
  onChange(patch: Patch): void;
  /** What is wrong with either date. */
  readonly fault?: string | null;
}

const CUSTOM = 'custom';

export function PeriodField({ query, onChange, fault }: PeriodFieldProps) {
  const t = useText('common').period;
  const period = query.get('period');
  const start = query.get('startdate') ?? '';
  const end = query.get('enddate') ?? '';
  const dated = start !== '' || end !== '';
  const [custom, setCustom] = useState(dated);
  useEffect(() => {
    if (dated) setCustom(true);
    else if (isPeriod(period)) setCustom(false);
  }, [dated, period]);
  const chosen = isPeriod(period) ? period : custom ? CUSTOM : '';
  return (
    <>
      <Field label={t.label}>
        {(control) => (
          <select
            {...control}
            value={chosen}
            onChange={(event) => {
              const wanted = event.currentTarget.value;
              setCustom(wanted === CUSTOM);
              onChange({
                period: wanted === CUSTOM ? null : wanted,
                ...(wanted !== CUSTOM && { startdate: null, enddate: null }),
              });
            }}
          >
            <option value="">{t.ever}</option>
            {PERIODS.map((each) => (
              <option key={each} value={each}>
                {t[each]}
              </option>
            ))}
            <option value={CUSTOM}>{t.custom}</option>
          </select>
        )}
      </Field>
      {chosen === CUSTOM &&
        (['startdate', 'enddate'] as const).map((name) => (
          <Field key={name} label={t[name]} fault={name === 'enddate' ? (fault ?? null) : null}>
            {(control) => (
              <input
                {...control}
                type="datetime-local"
                value={(name === 'startdate' ? start : end).slice(0, 16).replace(' ', 'T')}
                onChange={(event) => onChange({ [name]: event.currentTarget.value.replace('T', ' ') })}
              />
            )}
          </Field>
        ))}
    </>
  );
}
