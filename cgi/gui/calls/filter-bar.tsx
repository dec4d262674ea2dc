/** The filter: the usual choices in sight, everything else of the guide's table behind "More filters". Each change is at once in the address. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { AskError } from '../api.ts';
import { dayText } from '../format.ts';
import { Field } from '../parts/field.tsx';
import type { Patch } from '../router.tsx';
import { useText } from '../text.ts';
import { COLUMNS } from './columns.tsx';
import { BEGINNING, fromControl, MISSED, MORE, type MoreName, PERIODS, periodOf, toControl } from './filter.ts';
import type { Order } from './use-calls.ts';

interface FilterBarProps {
  readonly query: URLSearchParams;
  change(patch: Patch, replace?: boolean): void;
  /** The box's clock. */
  readonly now: Date;
  readonly refused: AskError | null;
  /** On a phone only the time and the number are in sight. */
  readonly narrow: boolean;
  readonly order: Order;
  onOrder(order: Order): void;
}

/** How long somebody may think between two keys, ms. */
const TYPING_MS = 450;

const OUTCOMES = {
  any: '',
  answered: 'ANSWERED',
  missed: MISSED,
  'NO ANSWER': 'NO ANSWER',
  BUSY: 'BUSY',
  FAILED: 'FAILED',
} as const;
const DIRECTIONS = ['Inbound', 'Outbound', 'Internal', 'CallBack', 'Conference'] as const;
const SECONDS: ReadonlySet<string> = new Set(['minduration', 'maxduration', 'minbillsec', 'maxbillsec']);

export function FilterBar({ query, change, now, refused, narrow, order, onOrder }: FilterBarProps) {
  const t = useText('calls');
  const period = periodOf(query);
  const get = (name: string) => query.get(name) ?? '';
  const fault = (name: string) => (refused?.parameter?.toLowerCase() === name.toLowerCase() ? refused.reason : null);
  const text = (name: MoreName | 'number', hint?: string) => (
    <TextFilter
      key={name}
      name={name}
      label={t[name]}
      hint={hint}
      value={get(name)}
      fault={fault(name)}
      numeric={SECONDS.has(name)}
      onChange={(value) => change({ [name]: value }, true)}
    />
  );
  const choose = (wanted: string) => {
    const day = dayText(now);
    if (wanted === 'all') change({ period: null, startdate: BEGINNING, enddate: null });
    else if (wanted === 'own') change({ period: null, startdate: `${day} 00:00`, enddate: `${day} 23:59` });
    else change({ period: wanted === 'today' ? null : wanted, startdate: null, enddate: null });
  };
  const disposition = get('disposition');
  const outcome = Object.entries(OUTCOMES).find(([, words]) => words === disposition)?.[0] ?? disposition;
  const hidden: readonly string[] = narrow ? ['disposition', 'userfield', ...MORE] : MORE;
  const set = hidden.filter((name) => get(name) !== '').length;
  const isSet = query.size > 0 && [...query.keys()].some((name) => name !== 'call');
  const usual = (
    <>
      <Field label={t.outcome} fault={fault('disposition')}>
        {(control) => (
          <select
            {...control}
            value={outcome}
            onChange={(event) =>
              change({ disposition: OUTCOMES[event.currentTarget.value as keyof typeof OUTCOMES] ?? null })
            }
          >
            {Object.keys(OUTCOMES).map((name) => (
              <option key={name} value={name}>
                {t.outcomes[name as keyof typeof OUTCOMES]}
              </option>
            ))}
            {!Object.hasOwn(OUTCOMES, outcome) && <option value={outcome}>{outcome}</option>}
          </select>
        )}
      </Field>
      <Field label={t.direction} fault={fault('userfield')}>
        {(control) => (
          <select
            {...control}
            value={get('userfield')}
            onChange={(event) => change({ userfield: event.currentTarget.value })}
          >
            <option value="">{t.anyDirection}</option>
            {DIRECTIONS.map((name) => (
              <option key={name} value={name}>
                {t.directions[name]}
              </option>
            ))}
            {get('userfield').includes(',') && <option value={get('userfield')}>{get('userfield')}</option>}
          </select>
        )}
      </Field>
    </>
  );
  return (
    <search class="calls-filter">
      <fieldset class="periods">
        <legend class="visually-hidden">{t.period}</legend>
        {[...PERIODS, 'all' as const, 'own' as const].map((name) => (
          <label key={name} class="chip">
            <input
              type="radio"
              name="period"
              value={name}
              checked={period === name}
              ref={(element) => {
                // On a phone the row of choices is longer than the screen.
                if (narrow && element?.checked)
                  element.parentElement?.scrollIntoView({ block: 'nearest', inline: 'center' });
              }}
              onChange={() => choose(name)}
            />
            <span>{t.periods[name]}</span>
          </label>
        ))}
      </fieldset>
      <div class="fields">
        {period === 'own' &&
          (['startdate', 'enddate'] as const).map((name) => (
            <Field key={name} label={t[name]} fault={fault(name)}>
              {(control) => (
                <input
                  {...control}
                  type="datetime-local"
                  value={toControl(get(name))}
                  onChange={(event) => change({ [name]: fromControl(event.currentTarget.value) })}
                />
              )}
            </Field>
          ))}
        {text('number', t.numberHint)}
        {!narrow && usual}
      </div>
      <details class="more" open={set > 0}>
        <summary>{set > 0 ? t.moreSet(set) : t.more}</summary>
        <div class="fields">
          {narrow && usual}
          {MORE.map((name) => text(name, name === 'trunk' ? t.trunkHint : name === 'port' ? t.portHint : undefined))}
          <Field label={t.sortBy} class="sort-by" fault={fault('sort')}>
            {(control) => (
              <select
                {...control}
                value={`${order.sort} ${order.order}`}
                onChange={(event) => {
                  const [sort = 'calldate', direction] = event.currentTarget.value.split(' ');
                  onOrder({ sort, order: direction === 'asc' ? 'asc' : 'desc' });
                }}
              >
                {COLUMNS.filter(({ name, sort }) => sort === name).flatMap(({ name }) =>
                  (['desc', 'asc'] as const).map((direction) => (
                    <option key={`${name} ${direction}`} value={`${name} ${direction}`}>
                      {t.sorted(t.columns[name], direction === 'asc')}
                    </option>
                  )),
                )}
              </select>
            )}
          </Field>
        </div>
      </details>
      {isSet && (
        <button
          type="button"
          class="plain"
          onClick={() => change(Object.fromEntries([...query.keys()].map((name) => [name, null])))}
        >
          {t.clear}
        </button>
      )}
    </search>
  );
}

interface TextFilterProps {
  readonly name: string;
  readonly label: string;
  readonly hint: string | undefined;
  readonly value: string;
  readonly fault: string | null;
  readonly numeric: boolean;
  onChange(value: string): void;
}

/** Taken over when the hand rests, at once by Enter or by leaving it. */
function TextFilter({ name, label, hint, value, fault, numeric, onChange }: TextFilterProps) {
  const [typed, setTyped] = useState(value);
  const timer = useRef(0);
  useEffect(() => setTyped(value), [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const take = (text: string) => {
    clearTimeout(timer.current);
    if (text.trim() !== value) onChange(text.trim());
  };
  return (
    <Field label={label} hint={hint} fault={fault}>
      {(control) => (
        <input
          {...control}
          name={name}
          type="text"
          inputMode={numeric ? 'numeric' : 'text'}
          autocomplete="off"
          spellcheck={false}
          value={typed}
          onInput={(event) => {
            const text = event.currentTarget.value;
            setTyped(text);
            clearTimeout(timer.current);
            timer.current = setTimeout(() => take(text), TYPING_MS) as unknown as number;
          }}
          onBlur={(event) => take(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') take(event.currentTarget.value);
          }}
        />
      )}
    </Field>
  );
}
