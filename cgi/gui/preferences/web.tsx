/** By which ports, from where and by which names the pages are reached. */
import { useMe } from '../me.ts';
import { Field } from '../parts/field.tsx';
import { fixedText, SettingCheck, SettingLines, SettingText } from '../parts/setting.tsx';
import { SettingsCard } from '../parts/settings-card.tsx';
import { useText } from '../text.ts';
import { type SettingsForm, useSettings } from '../use-settings.ts';

export function WebCard() {
  const t = useText('preferences').web;
  const form = useSettings((name) => /^https?\./.test(name));
  const { me } = useMe();
  const permitHint = (
    <>
      {t.permitHint} <strong class="setting-note">{t.you(me.address)}</strong>
    </>
  );
  return (
    <SettingsCard title={t.title} form={form}>
      <p class="hint">{t.safe}</p>
      <div class="fields">
        <PortField form={form} name="http.listen" label={t.http} />
        <PortField form={form} name="https.listen" label={t.https} />
      </div>
      <details>
        <summary>{t.addresses}</summary>
        <div class="fields">
          <SettingText form={form} name="http.listen" label={`HTTP: ${t.addresses}`} hint={t.addressHint} />
          <SettingText form={form} name="https.listen" label={`HTTPS: ${t.addresses}`} hint={t.addressHint} />
        </div>
      </details>
      <SettingCheck
        form={form}
        name="http.redirect"
        label={t.redirect}
        hint={
          <>
            {t.redirectHint} {location.protocol === 'http:' && <FirstByHttps form={form} />}
          </>
        }
      />
      <div class="fields">
        <SettingLines form={form} name="http.permit" label={t.httpPermit} hint={permitHint} />
        <SettingLines form={form} name="https.permit" label={t.httpsPermit} hint={permitHint} />
        <SettingLines form={form} name="http.names" label={t.names} hint={t.namesHint} />
      </div>
    </SettingsCard>
  );
}

/** Who is there by HTTPS already can't be shut out by being sent there. */
function FirstByHttps({ form }: { readonly form: SettingsForm }) {
  const t = useText('preferences').web;
  const port = portOf(form.rows?.get('https.listen')?.value ?? '')?.port;
  if (port === undefined) return null;
  return (
    <span class="setting-note">
      {t.redirectFirst} <a href={`https://${location.hostname}:${port}${location.pathname}`}>{t.open}</a>
    </span>
  );
}

/** `HOST:PORT` alone. */
function portOf(listen: string): { readonly host: string; readonly port: string } | null {
  const [, host, port] = /^(\[[^\]]*\]|[^:,]*):(\d+)$/.exec(listen.trim()) ?? [];
  return host === undefined || port === undefined ? null : { host, port };
}

interface PortFieldProps {
  readonly form: SettingsForm;
  readonly name: string;
  readonly label: string;
}

/** A port is all that most boxes need; where there are several addresses they are changed one by one. */
export function PortField({ form, name, label }: PortFieldProps) {
  const t = useText('preferences').web;
  const common = useText('common').settings;
  const listen = form.value(name);
  const known = portOf(listen);
  const host = known?.host ?? portOf(form.rows?.get(name)?.default ?? '')?.host ?? '[::]';
  const fixed = form.rows?.get(name)?.fixed ?? null;
  const several = listen !== '' && known === null && !/^[^,]*:$/.test(listen);
  const hint = fixed === null ? (several ? listen : t.portHint) : fixedText(fixed, common);
  return (
    <Field label={label} hint={hint} fault={form.fault(name)}>
      {(control) => (
        <input
          {...control}
          inputMode="numeric"
          autocomplete="off"
          readOnly={fixed !== null || several}
          value={known?.port ?? ''}
          onInput={(event) => {
            const port = event.currentTarget.value.replace(/\D/g, '').slice(0, 5);
            form.set(name, port === '' ? '' : `${host}:${port}`);
          }}
        />
      )}
    </Field>
  );
}
