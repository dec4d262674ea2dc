/**
 * A setting's control, tied to its entry of 30016: value, what it means, default, where it is fixed (then read-only), whether
 * it waits for a restart, and what the box finds wrong with it. A page says which kind of control and in which words.
 */
import type { ComponentChildren } from 'preact';
import { useLayoutEffect } from 'preact/hooks';
import { useText } from '../text.ts';
import type { SettingsForm } from '../use-settings.ts';
import { Field } from './field.tsx';

interface SettingProps {
  readonly form: SettingsForm;
  /** As in 30016. */
  readonly name: string;
  readonly label: ComponentChildren;
  readonly hint?: ComponentChildren;
  readonly class?: string;
  /** How its default is said; absent: as it is. '' = not at all. */
  readonly fallback?: string;
}

/** Where a value is fixed, which can't be changed here. @param where As 30016 gives it: `FILE:LINE` or `environment NAME`. */
export function fixedText(where: string, t: ReturnType<typeof useText<'common'>>['settings']): string {
  const variable = /^environment (.*)$/.exec(where)?.[1];
  return t.fixed(variable === undefined ? where : t.variable(variable));
}

/** The lines below a control. */
function Hints({ form, name, hint, fallback }: Pick<SettingProps, 'form' | 'name' | 'hint' | 'fallback'>) {
  const t = useText('common').settings;
  const row = form.rows?.get(name);
  if (!row) return <>{hint}</>;
  const usual = fallback ?? (row.default.trim() || t.empty);
  const shown = usual !== '' && form.value(name).trim() !== row.default.trim();
  return (
    <>
      {hint}
      {row.fixed !== null && <span class="setting-note">{fixedText(row.fixed, t)}</span>}
      {row.fixed === null && shown && <span class="setting-note">{t.fallback(usual)}</span>}
      {row.restart && <span class="setting-note">{row.pending ? t.restartPending : t.restart}</span>}
    </>
  );
}

interface TextProps extends SettingProps {
  readonly type?: 'text' | 'number' | 'time';
  readonly min?: number;
  readonly max?: number;
  /** Id of a datalist. */
  readonly list?: string;
  readonly placeholder?: string;
}

/** One line, a number, or a time of day. */
export function SettingText({
  form,
  name,
  label,
  class: look,
  type = 'text',
  min,
  max,
  list,
  placeholder,
  ...hints
}: TextProps) {
  const fixed = form.rows?.get(name)?.fixed != null;
  return (
    <Field
      label={label}
      hint={<Hints form={form} name={name} {...hints} />}
      fault={form.fault(name)}
      class={look ?? ''}
    >
      {(control) => (
        <input
          {...control}
          type={type}
          min={min}
          max={max}
          list={list}
          placeholder={placeholder}
          name={name}
          autocomplete="off"
          spellcheck={false}
          readOnly={fixed}
          value={form.value(name)}
          onInput={(event) => form.set(name, event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

/** A list, one a line. */
export function SettingLines({ form, name, label, hint, class: look, ...hints }: SettingProps) {
  const t = useText('common').settings;
  const row = form.rows?.get(name);
  const text = form.value(name);
  const lines = text.includes('\n') ? text : text.split(',').join('\n');
  const below = (
    <>
      {hint} {t.linesHint}
    </>
  );
  return (
    <Field
      label={label}
      hint={<Hints form={form} name={name} hint={below} {...hints} />}
      fault={form.fault(name)}
      class={look ?? ''}
    >
      {(control) => (
        <textarea
          {...control}
          class="mono"
          name={name}
          rows={Math.min(8, Math.max(2, lines.split('\n').length + 1))}
          autocomplete="off"
          spellcheck={false}
          readOnly={row?.fixed != null}
          value={lines}
          // The line's end says that commas within a line are its own.
          onInput={(event) => form.set(name, asList(event.currentTarget.value))}
        />
      )}
    </Field>
  );
}

function asList(text: string): string {
  return text.trim() === '' ? '' : text.includes('\n') ? text : text.includes(',') ? `${text}\n` : text;
}

/** Yes or no. */
export function SettingCheck({ form, name, label, class: look, ...hints }: SettingProps) {
  const row = form.rows?.get(name);
  const id = `setting-${name}`;
  const fault = form.fault(name);
  return (
    <div class={`setting-check ${look ?? ''}`}>
      <label class="check">
        <input
          type="checkbox"
          name={name}
          checked={form.value(name) === 'yes'}
          disabled={row?.fixed != null}
          aria-describedby={`${id}-hint`}
          aria-invalid={fault ? true : undefined}
          onChange={(event) => form.set(name, event.currentTarget.checked ? 'yes' : 'no')}
        />
        <span>{label}</span>
      </label>
      <p class="hint" id={`${id}-hint`}>
        <Hints form={form} name={name} fallback="" {...hints} />
      </p>
      {fault && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
    </div>
  );
}

interface SelectProps extends SettingProps {
  /** What is shown for each choice of 30016, or other choices. */
  readonly options?: readonly { readonly value: string; readonly text: string }[];
}

/** One of a few. */
export function SettingSelect({ form, name, label, class: look, options, ...hints }: SelectProps) {
  const row = form.rows?.get(name);
  const choices = options ?? (row?.choices ?? []).map((value) => ({ value, text: value }));
  const value = form.value(name);
  const all = choices.some((choice) => choice.value === value) ? choices : [{ value, text: value }, ...choices];
  return (
    <Field
      label={label}
      hint={<Hints form={form} name={name} {...hints} />}
      fault={form.fault(name)}
      class={look ?? ''}
    >
      {(control) => (
        <select
          {...control}
          name={name}
          disabled={row?.fixed != null}
          value={value}
          onChange={(event) => form.set(name, event.currentTarget.value)}
        >
          {all.map((choice) => (
            <option key={choice.value} value={choice.value}>
              {choice.text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** At the foot of the `<form>` that submits it: how much isn't saved yet, why it was refused, and the two ways out. */
export function SaveBar({ form }: { readonly form: SettingsForm }) {
  const t = useText('common');
  const count = form.dirty.length;
  // Whoever has pressed the button may not see the field, and not hear of it where the focus is. With the fault and not a
  // frame later: what is typed as soon as it is told belongs into the field.
  useLayoutEffect(() => {
    if (form.blamed !== null) document.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [form.blamed]);
  return (
    <div class={`save-bar ${count > 0 ? 'dirty' : ''}`}>
      {form.refusal && (
        <p class="fault" role="alert" lang="en">
          {form.refusal.message}
        </p>
      )}
      <p class="soft" role="status">
        {count > 0 ? t.settings.changed(count) : t.settings.nothing}
      </p>
      <div class="actions">
        <button type="submit" class="primary" disabled={count === 0 || form.busy}>
          {t.save}
        </button>
        <button type="button" disabled={count === 0 || form.busy} onClick={form.discard}>
          {t.settings.discard}
        </button>
      </div>
    </div>
  );
}
