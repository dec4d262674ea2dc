/** A new account, or another role or password for one; for who has lost the phone, the second factor goes here too. */
import { useState } from 'preact/hooks';
import type { AccountRow, Role } from '../../contract.ts';
import { ask } from '../api.ts';
import { digestOf } from '../digest.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Failure } from '../parts/failure.tsx';
import { Field } from '../parts/field.tsx';
import { PasswordField } from '../parts/password-field.tsx';
import { TRIAL_SECONDS } from '../parts/pending-change.tsx';
import { useText } from '../text.ts';
import { useAct } from '../use-act.ts';
import { PasswordFields, passwordFault } from './password-fields.tsx';

interface AccountDialogProps {
  /** null: a new one. */
  readonly account: AccountRow | null;
  /** It is of who asks: the own password is changed elsewhere, and another role falls back unless it is confirmed. */
  readonly own: boolean;
  onClose(): void;
  /** @param said What has happened, in words; null: one's own session has ended with it. */
  onDone(said: string | null): void;
}

const SET = 30008;
const REMOVE_FACTOR = 30035;
const ROLES: readonly Role[] = ['admin', 'monitor'];

export function AccountDialog({ account, own, onClose, onDone }: AccountDialogProps) {
  const t = useText('users');
  const common = useText('common');
  const [user, setUser] = useState('');
  const [role, setRole] = useState<Role>(account?.role ?? 'monitor');
  const [password, setPassword] = useState({ fresh: '', repeat: '' });
  const [tried, setTried] = useState(false);
  const { busy, error, run } = useAct();

  const name = account?.user ?? user.trim();
  const changesPassword = account === null || password.fresh !== '' || password.repeat !== '';
  const fault = changesPassword ? passwordFault(password, t.password) : null;
  const submit = async () => {
    setTried(true);
    if (fault) return;
    const done = await run(() =>
      ask(SET, {
        UserName: name,
        role,
        Password: changesPassword ? digestOf(password.fresh) : null,
        confirm: own ? TRIAL_SECONDS : null,
      }),
    );
    if (done) onDone(own ? null : account ? t.accounts.changed(name) : t.accounts.made(name));
  };
  const nameFault = error?.parameter?.toLowerCase() === 'username' ? error.reason : null;
  return (
    <Dialog title={account ? t.accounts.changeOf(name) : t.accounts.add} onClose={onClose}>
      <form
        class="form"
        autocomplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) void submit();
        }}
      >
        {!account && (
          <Field label={t.accounts.name} hint={t.accounts.nameHint} fault={nameFault}>
            {(control) => (
              <input
                {...control}
                name="new-account"
                autocomplete="off"
                autocapitalize="none"
                spellcheck={false}
                required
                maxLength={64}
                pattern="[A-Za-z0-9._\-]+"
                value={user}
                onInput={(event) => setUser(event.currentTarget.value)}
              />
            )}
          </Field>
        )}
        <fieldset>
          <legend>{t.accounts.role}</legend>
          {ROLES.map((each) => (
            <label key={each} class="check">
              <input type="radio" name="role" checked={role === each} onChange={() => setRole(each)} />
              <span>
                {t.roles[each]}: <span class="soft">{t.roleAbout[each]}</span>
              </span>
            </label>
          ))}
        </fieldset>
        {own ? (
          <p class="notice">{t.accounts.ownTrial}</p>
        ) : (
          <PasswordFields
            password={password}
            onChange={setPassword}
            required={account === null}
            hint={account ? t.accounts.keepPassword : t.accounts.tellPassword}
            fault={tried ? fault : null}
          />
        )}
        {account && !own && <p class="hint">{t.accounts.sessionsEnd}</p>}
        {error && !nameFault && <Failure error={error} />}
        <div class="actions">
          <button type="submit" class="primary" disabled={busy || (own && role === account?.role)}>
            {account ? common.save : t.accounts.make}
          </button>
          <button type="button" onClick={onClose}>
            {common.cancel}
          </button>
        </div>
      </form>
      {account?.totp && !own && <LostPhone user={account.user} onDone={onDone} />}
    </Dialog>
  );
}

interface LostPhoneProps {
  readonly user: string;
  onDone(said: string): void;
}

function LostPhone({ user, onDone }: LostPhoneProps) {
  const t = useText('users').factor;
  const [password, setPassword] = useState('');
  const { busy, error, run } = useAct();
  return (
    <details class="more">
      <summary>{t.title}</summary>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void run(() => ask(REMOVE_FACTOR, { UserName: user, Password: digestOf(password) })).then(
            (done) => done && onDone(t.removed(user)),
          );
        }}
      >
        <p>{t.why(user)}</p>
        <PasswordField label={t.own} value={password} onChange={setPassword} />
        {error && <Failure error={error} />}
        <div class="actions">
          <button type="submit" class="danger" disabled={busy}>
            {t.remove}
          </button>
        </div>
      </form>
    </details>
  );
}
