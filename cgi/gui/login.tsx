/** Log in: the password is made into its digest here, and the session's cookie is out of the pages' reach. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { LoggedIn } from '../contract.ts';
import { type AskError, ask } from './api.ts';
import { digestOf } from './digest.ts';
import { Failure } from './parts/failure.tsx';
import { Field } from './parts/field.tsx';
import { LanguageChoice } from './parts/language.tsx';
import { useText } from './text.ts';

interface LoginProps {
  /** A session was there and is over. */
  readonly ended: boolean;
  onDone(): void;
}

const LOGIN = 8401;

export function Login({ ended, onDone }: LoginProps) {
  const { login: t } = useText('common');
  const [user, setUser] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [shown, setShown] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<AskError | null>(null);
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => {
    document.title = `${t.title} · cdrd`;
    first.current?.focus();
  }, [t.title]);

  const submit = async () => {
    setBusy(true);
    setError(null);
    try {
      const digits = code.replaceAll(/\s/g, '');
      await ask<LoggedIn>(LOGIN, { UserName: user.trim(), Password: digestOf(password), code: digits || null });
      onDone();
    } catch (failed) {
      setError(failed as AskError);
      setBusy(false);
    }
  };
  const wrong = error?.status === 401;
  return (
    <main class="login">
      <form
        class="form card"
        aria-busy={busy}
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) void submit();
        }}
      >
        <h1>
          <img src="/favicon.svg" alt="" width="32" height="32" /> {t.title}
        </h1>
        {ended && !error && <p role="status">{t.ended}</p>}
        {wrong && (
          <p class="fault" role="alert">
            {t.failed}
          </p>
        )}
        {error && !wrong && <Failure error={error} />}
        <Field label={t.user}>
          {(control) => (
            <input
              {...control}
              ref={first}
              name="username"
              autocomplete="username"
              autocapitalize="none"
              spellcheck={false}
              required
              value={user}
              onInput={(event) => setUser(event.currentTarget.value)}
            />
          )}
        </Field>
        <Field label={t.password}>
          {(control) => (
            <input
              {...control}
              type={(shown ? 'text' : 'password') as 'password'}
              name="password"
              autocomplete="current-password"
              required
              value={password}
              onInput={(event) => setPassword(event.currentTarget.value)}
            />
          )}
        </Field>
        <label class="check">
          <input type="checkbox" checked={shown} onChange={(event) => setShown(event.currentTarget.checked)} /> {t.show}
        </label>
        {/* Few accounts have one. Who was refused may have overlooked it. */}
        <details open={wrong || code !== ''}>
          <summary>{t.second}</summary>
          <Field label={t.code} hint={t.codeHint}>
            {(control) => (
              <input
                {...control}
                name="code"
                inputMode="numeric"
                autocomplete="one-time-code"
                maxLength={7}
                value={code}
                onInput={(event) => setCode(event.currentTarget.value)}
              />
            )}
          </Field>
        </details>
        <button type="submit" class="primary" disabled={busy}>
          {t.submit}
        </button>
        <LanguageChoice />
      </form>
    </main>
  );
}
