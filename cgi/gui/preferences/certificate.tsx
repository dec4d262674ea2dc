/** The certificate of HTTPS: what a browser that warns of it shows as well, and how to put in another. */
import { useState } from 'preact/hooks';
import type { CertificateInfo } from '../../contract.ts';
import { addressOf, ask } from '../api.ts';
import { Failure } from '../parts/failure.tsx';
import { Field } from '../parts/field.tsx';
import { Loading } from '../parts/loading.tsx';
import { Question } from '../parts/question.tsx';
import { tell } from '../parts/toast.tsx';
import { useText } from '../text.ts';
import { useAct } from '../use-act.ts';
import { useAsk } from '../use-ask.ts';

const SHOW = 30045;
const INSTALL = 30046;

export function CertificateCard() {
  const t = useText('preferences').certificate;
  const { answer, error, again } = useAsk<CertificateInfo>(SHOW);
  const [asking, setAsking] = useState(false);
  const replaced = () => {
    again();
    tell(t.installed);
  };
  return (
    <section class="card certificate" aria-label={t.title}>
      <h2>{t.title}</h2>
      {error && <Failure error={error} again={again} />}
      {!answer && !error && <Loading />}
      {answer && <Shown info={answer} />}
      {answer && (
        <>
          <div class="actions">
            <a class="button" href={addressOf(SHOW, { format: 'pem' })} download="cdrd.pem">
              {t.download}
            </a>
            <button type="button" onClick={() => setAsking(true)}>
              {t.renew}
            </button>
          </div>
          <details>
            <summary>{t.replace}</summary>
            <Another onDone={replaced} />
          </details>
        </>
      )}
      {asking && (
        <Question
          title={t.renew}
          yes={t.renew}
          onYes={() => ask(INSTALL, { new: true }).then(replaced)}
          onClose={() => setAsking(false)}
        >
          <p>{t.renewWhy}</p>
        </Question>
      )}
    </section>
  );
}

function Shown({ info }: { readonly info: CertificateInfo }) {
  const t = useText('preferences').certificate;
  const rows = [
    [t.subject, info.subject],
    [t.issuer, info.issuer],
    [t.names, info.names.join(', ')],
    [t.dates, t.between(info.from, info.until)],
    [t.key, info.key],
  ] as const;
  return (
    <>
      <p>
        <span class={`badge ${info.self_signed ? 'warn' : 'good'}`}>{info.self_signed ? t.self : t.owners}</span>{' '}
        {info.why !== null && <span class="badge bad">{t.faulty}</span>} {!info.used && t.off}
      </p>
      {info.why !== null && (
        <p class="fault" lang="en">
          {info.why}
        </p>
      )}
      <dl class="facts">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        <div>
          <dt>{t.fingerprint}</dt>
          <dd class="mono">{info.fingerprint}</dd>
        </div>
      </dl>
    </>
  );
}

function Another({ onDone }: { onDone(): void }) {
  const t = useText('preferences').certificate;
  const [certificate, setCertificate] = useState('');
  const [key, setKey] = useState('');
  const { busy, error, run } = useAct();
  const isSafe = location.protocol === 'https:' || /^(127\.0\.0\.1|localhost|\[::1\])$/.test(location.hostname);
  const faultOf = (name: string) => (error?.parameter === name ? error.reason : null);
  if (!isSafe) return <p class="notice">{t.plain}</p>;
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        void run(() => ask(INSTALL, { certificate, key })).then((done) => {
          if (!done) return;
          setCertificate('');
          setKey('');
          onDone();
        });
      }}
    >
      <Pem label={t.pem} value={certificate} fault={faultOf('certificate')} onValue={setCertificate} />
      <Pem label={t.keyPem} value={key} fault={faultOf('key')} onValue={setKey} />
      {error && !faultOf('certificate') && !faultOf('key') && <Failure error={error} />}
      <div class="actions">
        <button type="submit" class="primary" disabled={busy || certificate === '' || key === ''}>
          {t.install}
        </button>
      </div>
    </form>
  );
}

interface PemProps {
  readonly label: string;
  readonly value: string;
  readonly fault: string | null;
  onValue(value: string): void;
}

function Pem({ label, value, fault, onValue }: PemProps) {
  const t = useText('preferences').certificate;
  return (
    <>
      <Field label={label} fault={fault}>
        {(control) => (
          <textarea
            {...control}
            class="mono"
            rows={4}
            autocomplete="off"
            spellcheck={false}
            value={value}
            onInput={(event) => onValue(event.currentTarget.value)}
          />
        )}
      </Field>
      <Field label={`${label.split(/[(:]/)[0]?.trim() ?? ''} ${t.file}`}>
        {(control) => (
          <input
            {...control}
            type="file"
            accept=".pem,.crt,.cer,.key,application/x-pem-file"
            onChange={(event) => {
              const [file] = event.currentTarget.files ?? [];
              void file?.text().then(onValue);
            }}
          />
        )}
      </Field>
    </>
  );
}
