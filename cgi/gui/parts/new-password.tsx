/** A new password for one's own account: typed twice, and sent as digests (30006). */
import { useState } from 'preact/hooks';
import { type AskError, ask } from '../api.ts';
import { digestOf } from '../digest.ts';
import { useText } from '../text.ts';
import { PasswordField } from './password-field.tsx';

interface NewPasswordProps {
  /** For password managers. */
  readonly user: string;
  /** The password is another one. */
  onDone(): void;
  /** Absent: it can't be put off. */
  readonly onLater?: () => void;
}

const LEAST = 8;
const CHANGE = 30006;

export function NewPassword({ user, onDone, onLater }: NewPasswordProps) {
  const t = useText('common').initial;
  const [old, setOld] = useState('');
  const [fresh, setFresh] = useState('');
  const [repeat, setRepeat] = useState('');
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<AskError | null>(null);

  const freshFault = fresh.length < LEAST ? t.short : fresh === old ? t.same : null;
  const repeatFault = fresh === repeat ? null : t.differ;
  const submit = async () => {
    setTried(true);
    setError(null);
    if (freshFault || repeatFault) return;
    setBusy(true);
    try {
      await ask(CHANGE, { OldPassword: digestOf(old), NewPassword: digestOf(fresh) });
      onDone();
    } catch (failed) {
      setError(failed as AskError);
      setBusy(false);
    }
  };
  const oldFault = error?.parameter?.toLowerCase() === 'oldpassword' ? error.reason : null;
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <input type="hidden" name="username" autocomplete="username" value={user} />
      <PasswordField label={t.old} fault={oldFault} value={old} onChange={setOld} />
      <PasswordField
        fresh
        label={t.fresh}
        hint={t.short}
        fault={tried ? freshFault : null}
        value={fresh}
        onChange={setFresh}
      />
      <PasswordField fresh label={t.repeat} fault={tried ? repeatFault : null} value={repeat} onChange={setRepeat} />
      {error && !oldFault && (
        <p class="fault" role="alert">
          {error.message}
        </p>
      )}
      <div class="actions">
        <button type="submit" class="primary" disabled={busy}>
          {t.submit}
        </button>
        {onLater && (
          <button type="button" onClick={onLater}>
            {t.later}
          </button>
        )}
      </div>
    </form>
  );
}
