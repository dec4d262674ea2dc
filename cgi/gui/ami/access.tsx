/** Whether programs of the house reach the AMI, or those on the box alone; by which port, and from where. */
import { Field } from '../parts/field.tsx';
import { fixedText, SettingLines, SettingText } from '../parts/setting.tsx';
import { SettingsCard } from '../parts/settings-card.tsx';
import { useText } from '../text.ts';
import { useSettings } from '../use-settings.ts';

const LISTEN = 'ami.listen';
/** Of the guide. */
const PORT = '5038';

export function AccessCard() {
  const t = useText('ami').access;
  const common = useText('common').settings;
  const form = useSettings((name) => name.startsWith('ami.'));
  const listen = form.value(LISTEN);
  const [, host = '', port = ''] = /^(\[[^\]]*\]|[^:]*):(\d*)$/.exec(listen) ?? [];
  const isOpen = listen !== '' && !/^(127\.|\[::1\]|localhost)/.test(listen);
  const fixed = form.rows?.get(LISTEN)?.fixed ?? null;
  return (
    <SettingsCard title={t.title} form={form}>
      <div class="setting-check">
        <div class="check">
          <input
            id="ami-lan"
            type="checkbox"
            checked={isOpen}
            disabled={fixed !== null}
            aria-describedby="ami-lan-hint"
            onChange={(event) =>
              form.set(LISTEN, `${event.currentTarget.checked ? '[::]' : '127.0.0.1'}:${port || PORT}`)
            }
          />
          <label for="ami-lan">{t.lan}</label>
        </div>
        <p class="hint" id="ami-lan-hint">
          {t.lanHint} {fixed !== null && fixedText(fixed, common)} {listen === '' && t.off}
        </p>
      </div>
      {isOpen && <p class="notice">{t.plain}</p>}
      <div class="fields">
        <Field label={t.port} fault={form.fault(LISTEN)}>
          {(control) => (
            <input
              {...control}
              inputMode="numeric"
              autocomplete="off"
              readOnly={fixed !== null}
              value={port}
              onInput={(event) => {
                const digits = event.currentTarget.value.replace(/\D/g, '').slice(0, 5);
                form.set(LISTEN, digits === '' ? '' : `${host || '127.0.0.1'}:${digits}`);
              }}
            />
          )}
        </Field>
        <SettingLines form={form} name="ami.permit" label={t.permit} hint={t.permitHint} />
      </div>
      <details>
        <summary>{t.exact}</summary>
        <SettingText form={form} name={LISTEN} label={t.address} hint={t.addressHint} />
      </details>
    </SettingsCard>
  );
}
