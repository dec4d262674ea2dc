/** The filter as a form: it holds as soon as a field is left, or by Enter, or by the button; and stands in the address bar. */
import { useEffect, useState } from 'preact/hooks';
import type { AskError } from '../api.ts';
import { Field } from '../parts/field.tsx';
import { PeriodField } from '../parts/period.tsx';
import type { Patch } from '../router.tsx';
import { useText } from '../text.ts';
import { CALL_TYPES, FILTERS, type FilterName, filterOf, RARE, TIMES } from './filter.ts';

interface FilterFormProps {
  readonly query: URLSearchParams;
  /** Trunks that are known, to choose from. */
  readonly trunks: readonly string[];
  /** What the box said of the filter. */
  readonly error: AskError | null;
  onChange(patch: Patch): void;
  /** The same once more. */
  onSearch(): void;
}

const NARROW = 640;

/** Of a field of text. */
interface More {
  readonly inputMode?: 'tel' | 'numeric';
  readonly placeholder?: string;
}

export function FilterForm({ query, trunks, error, onChange, onSearch }: FilterFormProps) {
  const t = useText('recordings').filter;
  // On a phone it would fill the screen before the first recording.
  const [open, setOpen] = useState(() => innerWidth > NARROW);
  useEffect(() => {
    if (error) setOpen(true);
  }, [error]);
  const faultOf = (name: string) => (error?.parameter?.toLowerCase() === name ? error.reason : null);
  const textField = (name: FilterName, more: More = {}, hint?: string) => (
    <Field label={t[name]} hint={hint} fault={faultOf(name)}>
      {(control) => (
        <input
          {...control}
          name={name}
          value={query.get(name) ?? ''}
          autocomplete="off"
          {...more}
          onChange={(event) => onChange({ [name]: event.currentTarget.value.trim() })}
        />
      )}
    </Field>
  );
  const used = [...new URLSearchParams(filterOf(query)).keys()].length;
  const rare = RARE.filter((name) => query.has(name)).length;
  return (
    <form
      class="card recordings-filter"
      aria-label={t.title}
      onSubmit={(event) => {
        event.preventDefault();
        // What was typed and not left yet.
        if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
        onSearch();
      }}
    >
      <details class="filter-all" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          {t.title}
          {used > 0 ? ` (${used})` : ''}
        </summary>
        <div class="fields">
          <PeriodField query={query} onChange={onChange} fault={faultOf('startdate') ?? faultOf('enddate')} />
          {textField('src', { inputMode: 'tel', placeholder: '201, 3*' })}
          {textField('dst', { inputMode: 'tel', placeholder: '201, 3*' })}
          <Field label={t.calltype} fault={faultOf('calltype')}>
            {(control) => (
              <select
                {...control}
                name="calltype"
                value={query.get('calltype') ?? ''}
                onChange={(event) => onChange({ calltype: event.currentTarget.value })}
              >
                <option value="">{t.all}</option>
                {CALL_TYPES.map((type) => (
                  <option key={type} value={type}>
                    {t.types[type]}
                  </option>
                ))}
              </select>
            )}
          </Field>
        </div>
        <details open={rare > 0 || RARE.some(faultOf)}>
          <summary>
            {t.more}
            {rare > 0 ? ` (${rare})` : ''}
          </summary>
          <div class="fields">
            <Field label={t.trunk} fault={faultOf('trunk')}>
              {(control) => (
                <input
                  {...control}
                  name="trunk"
                  list="known-trunks"
                  value={query.get('trunk') ?? ''}
                  autocomplete="off"
                  onChange={(event) => onChange({ trunk: event.currentTarget.value.trim() })}
                />
              )}
            </Field>
            <datalist id="known-trunks">
              {trunks.map((trunk) => (
                <option key={trunk} value={trunk} />
              ))}
            </datalist>
            {textField('minduration', { inputMode: 'numeric' }, t.seconds)}
            {textField('maxduration', { inputMode: 'numeric' }, t.seconds)}
            <Field label={t.keep}>
              {(control) => (
                <select
                  {...control}
                  name="keep"
                  value={query.get('keep') ?? ''}
                  onChange={(event) => onChange({ keep: event.currentTarget.value })}
                >
                  <option value="">{t.all}</option>
                  <option value="1">{t.kept}</option>
                  <option value="0">{t.unkept}</option>
                </select>
              )}
            </Field>
          </div>
        </details>
        <div class="actions">
          <button type="submit" class="primary">
            {t.search}
          </button>
          {filterOf(query) !== '' && (
            <button
              type="button"
              onClick={() => onChange(Object.fromEntries([...TIMES, ...FILTERS].map((name) => [name, null])))}
            >
              {t.clear}
            </button>
          )}
        </div>
      </details>
    </form>
  );
}
