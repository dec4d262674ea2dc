/** A password that is asked for: the one that an account has, or one that it shall have, which password managers are told. */
import { Field } from './field.tsx';

interface PasswordFieldProps {
  readonly label: string;
  readonly value: string;
  /** It is chosen here. */
  readonly fresh?: boolean;
  readonly hint?: string;
  readonly fault?: string | null;
  onChange(value: string): void;
}

export function PasswordField({ label, value, fresh = false, hint, fault, onChange }: PasswordFieldProps) {
  return (
    <Field label={label} hint={hint} fault={fault ?? null}>
      {(control) => (
        <input
          {...control}
          type="password"
          autocomplete={fresh ? 'new-password' : 'current-password'}
          required
          value={value}
          onInput={(event) => onChange(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}
