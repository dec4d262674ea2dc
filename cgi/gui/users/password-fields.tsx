/**
 * A password for somebody else: typed twice, or suggested. What makes it strong is its length, so that is what is said; no
 * rules about signs, which only make people write passwords down.
 */
import { useState } from 'preact/hooks';
import { Field } from '../parts/field.tsx';
import { useText } from '../text.ts';

export interface TypedTwice {
  readonly fresh: string;
  readonly repeat: string;
}

const LEAST = 8;
const GOOD = 14;

/** What is wrong with it; null: nothing. */
export function passwordFault({ fresh, repeat }: TypedTwice, t: { short: string; differ: string }): string | null {
  if (fresh.length < LEAST) return t.short;
  return fresh === repeat ? null : t.differ;
}

interface PasswordFieldsProps {
  readonly password: TypedTwice;
  onChange(password: TypedTwice): void;
  readonly required: boolean;
  readonly hint: string;
  readonly fault: string | null;
}

export function PasswordFields({ password, onChange, required, hint, fault }: PasswordFieldsProps) {
  const t = useText('users').password;
  const [shown, setShown] = useState(false);
  const { fresh, repeat } = password;
  const type = (shown ? 'text' : 'password') as 'password';
  const strength = fresh === '' ? '' : fresh.length < LEAST ? t.short : fresh.length < GOOD ? t.fair : t.good;
  return (
    <>
      <Field label={t.fresh} hint={hint}>
        {(control) => (
          <input
            {...control}
            type={type}
            autocomplete="new-password"
            required={required}
            value={fresh}
            onInput={(event) => onChange({ fresh: event.currentTarget.value, repeat })}
          />
        )}
      </Field>
      <p class="hint" role="status">
        {strength}
      </p>
      <Field label={t.repeat} fault={fault}>
        {(control) => (
          <input
            {...control}
            type={type}
            autocomplete="new-password"
            required={required || fresh !== ''}
            value={repeat}
            onInput={(event) => onChange({ fresh, repeat: event.currentTarget.value })}
          />
        )}
      </Field>
      <div class="actions">
        <label class="check">
          <input type="checkbox" checked={shown} onChange={(event) => setShown(event.currentTarget.checked)} /> {t.show}
        </label>
        <button
          type="button"
          onClick={() => {
            const suggested = suggestion();
            setShown(true);
            onChange({ fresh: suggested, repeat: suggested });
          }}
        >
          {t.suggest}
        </button>
      </div>
    </>
  );
}

/** Without the signs that look like others, as it will be read out or typed on a phone. */
const SIGNS = 'abcdefghjkmnpqrstuvwxyz23456789';

/** Four groups of four: 79 bits. */
function suggestion(): string {
  const signs: string[] = [];
  while (signs.length < 16) {
    // What lies beyond the last whole round of signs would make the first ones more likely.
    for (const byte of crypto.getRandomValues(new Uint8Array(32)))
      if (byte < 256 - (256 % SIGNS.length) && signs.length < 16) signs.push(SIGNS[byte % SIGNS.length] ?? '');
  }
  return [0, 4, 8, 12].map((at) => signs.slice(at, at + 4).join('')).join('-');
}
