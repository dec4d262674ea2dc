/**
 * The second factor: a secret that an app on the phone learns from a picture or by typing, confirmed by a code. How one
 * comes in without the phone is said before it is set up, and not only when it is lost.
 */
import { useState } from 'preact/hooks';
import type { TotpBegun } from '../../contract.ts';
import { ask } from '../api.ts';
import { digestOf } from '../digest.ts';
import { useMe } from '../me.ts';
import { Copy } from '../parts/copy.tsx';
import { Failure } from '../parts/failure.tsx';
import { Field } from '../parts/field.tsx';
import { PasswordField } from '../parts/password-field.tsx';
import { tell } from '../parts/toast.tsx';
import { useText } from '../text.ts';
import { useAct } from '../use-act.ts';
import { QrCode } from './qr-code.tsx';

const BEGIN = 30033;
const CONFIRM = 30034;
const REMOVE = 30035;

export function SecondFactor({ onChanged }: { onChanged(): void }) {
  const t = useText('account').factor;
  const { me, refresh } = useMe();
  const [begun, setBegun] = useState<TotpBegun | null>(null);
  const done = (said: string) => {
    setBegun(null);
    refresh();
    onChanged();
    tell(said);
  };
  return (
    <section class="card" aria-labelledby="factor">
      <h2 id="factor">
        {t.title} <span class={me.totp ? 'badge good' : 'badge'}>{me.totp ? t.on : t.off}</span>
      </h2>
      <p>{t.about}</p>
      {me.totp && <Remove onDone={() => done(t.removed)} />}
      {!me.totp && !begun && <Begin onBegun={setBegun} />}
      {!me.totp && begun && <Confirm begun={begun} onDone={() => done(t.confirmed)} onCancel={() => setBegun(null)} />}
      <details class="more">
        <summary>{t.lost}</summary>
        <p>{t.lostAdmin}</p>
        <p>{t.lostConsole}</p>
        <Copy text={`cdrd user totp ${me.user} off`} label={t.command} />
      </details>
    </section>
  );
}

function Begin({ onBegun }: { onBegun(begun: TotpBegun): void }) {
  const t = useText('account').factor;
  const [password, setPassword] = useState('');
  const { busy, error, run } = useAct();
  return (
    <details class="more">
      <summary>{t.begin}</summary>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void run(async () => onBegun(await ask<TotpBegun>(BEGIN, { Password: digestOf(password) })));
        }}
      >
        <PasswordField label={t.password} value={password} onChange={setPassword} />
        {error && <Failure error={error} />}
        <div class="actions">
          <button type="submit" class="primary" disabled={busy}>
            {t.next}
          </button>
        </div>
      </form>
    </details>
  );
}

interface ConfirmProps {
  readonly begun: TotpBegun;
  onDone(): void;
  onCancel(): void;
}

function Confirm({ begun, onDone, onCancel }: ConfirmProps) {
  const t = useText('account').factor;
  const common = useText('common');
  const [code, setCode] = useState('');
  const { busy, error, run } = useAct();
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        void run(() => ask(CONFIRM, { code })).then((done) => done && onDone());
      }}
    >
      <ol class="steps">
        <li>
          <p>{t.scan}</p>
          <QrCode text={begun.uri} label={t.qr} />
          <details class="more">
            <summary>{t.type}</summary>
            <Copy text={inFours(begun.secret)} label={t.secret} />
            <p class="hint">{t.kind}</p>
          </details>
        </li>
        <li>
          <CodeField value={code} onChange={setCode} label={t.code} />
        </li>
      </ol>
      {error && <Failure error={error} />}
      <div class="actions">
        <button type="submit" class="primary" disabled={busy}>
          {t.confirm}
        </button>
        <button type="button" onClick={onCancel}>
          {common.cancel}
        </button>
      </div>
    </form>
  );
}

function Remove({ onDone }: { onDone(): void }) {
  const t = useText('account').factor;
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const { busy, error, run } = useAct();
  return (
    <details class="more">
      <summary>{t.remove}</summary>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void run(() => ask(REMOVE, { Password: digestOf(password), code })).then((done) => done && onDone());
        }}
      >
        <PasswordField label={t.password} value={password} onChange={setPassword} />
        <CodeField value={code} onChange={setCode} label={t.code} />
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

interface TextFieldProps {
  readonly value: string;
  onChange(value: string): void;
}

function CodeField({ value, onChange, label }: TextFieldProps & { readonly label: string }) {
  return (
    <Field label={label}>
      {(control) => (
        <input
          {...control}
          class="code"
          inputMode="numeric"
          autocomplete="one-time-code"
          required
          maxLength={7}
          value={value}
          onInput={(event) => onChange(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

/** As it is easiest read off and typed; apps pass over the blanks. */
function inFours(secret: string): string {
  return secret.replaceAll(/(.{4})(?=.)/g, '$1 ');
}
