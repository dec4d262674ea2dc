/** One contact, new or changed. Its number is what it is known by: another number is another contact in its place. */
import { useState } from 'preact/hooks';
import type { ContactRow } from '../../contract.ts';
import { AskError, ask } from '../api.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Failure } from '../parts/failure.tsx';
import { Field } from '../parts/field.tsx';
import { tell } from '../parts/toast.tsx';
import { useText } from '../text.ts';

const PUT = 30014;
const REMOVE = 30015;
const FIELDS = ['number', 'name', 'group'] as const;

interface ContactDialogProps {
  /** null: a new one. */
  readonly contact: ContactRow | null;
  onDone(): void;
  onClose(): void;
}

export function ContactDialog({ contact, onDone, onClose }: ContactDialogProps) {
  const t = useText('phone-book');
  const common = useText('common');
  const [values, setValues] = useState<ContactRow>(contact ?? { number: '', name: '', group: '' });
  const [error, setError] = useState<AskError | null>(null);
  const [busy, setBusy] = useState(false);
  const hints = { number: t.numberHint, name: undefined, group: t.groupHint };
  const isOurs = FIELDS.some((name) => name === error?.parameter);

  const save = async () => {
    setBusy(true);
    setError(null);
    try {
      await ask(PUT, { ...values });
      // The new one first: a failure between the two leaves both, and loses none.
      if (contact && contact.number !== values.number.trim()) await ask(REMOVE, { numbers: contact.number });
      tell(contact ? t.changed(values.name) : t.added(values.name));
      onDone();
    } catch (failed) {
      if (!(failed instanceof AskError)) throw failed;
      setError(failed);
      setBusy(false);
    }
  };

  return (
    <Dialog title={contact ? t.editTitle : t.add} onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        {FIELDS.map((name) => (
          <Field key={name} label={t[name]} hint={hints[name]} fault={error?.parameter === name ? error.reason : null}>
            {(control) => (
              <input
                {...control}
                type="text"
                inputMode={name === 'number' ? 'tel' : 'text'}
                name={name}
                autocomplete="off"
                required={name !== 'group'}
                value={values[name]}
                onInput={(event) => setValues({ ...values, [name]: event.currentTarget.value })}
              />
            )}
          </Field>
        ))}
        {error && !isOurs && <Failure error={error} />}
        <div class="actions">
          <button type="submit" class="primary" disabled={busy}>
            {common.save}
          </button>
          <button type="button" onClick={onClose}>
            {common.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
