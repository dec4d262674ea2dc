/** The dialects: each product's switch, what stands in front of its addresses, and what a program written for it must be given. */
import { Copy } from '../parts/copy.tsx';
import { SettingCheck, SettingText } from '../parts/setting.tsx';
import { SettingsCard } from '../parts/settings-card.tsx';
import { useText } from '../text.ts';
import { type SettingsForm, useSettings } from '../use-settings.ts';

const PRODUCTS = ['elastix', 'mor', 'voipmonitor'] as const;
type Product = (typeof PRODUCTS)[number];

/** The addresses that programs for a product have a place for, behind the base. */
const ADDRESSES: Readonly<Record<Product, readonly string[]>> = {
  elastix: ['/api/api.php'],
  mor: ['/billing/api/local_calls_get', '/api/login'],
  voipmonitor: ['/php/api.php', '/php/model/sql.php'],
};

export function DialectsCard() {
  const t = useText('preferences').dialects;
  const form = useSettings((name) => PRODUCTS.some((product) => name.startsWith(`${product}.`)));
  return (
    <SettingsCard title={t.title} form={form}>
      <p class="hint">{t.hint}</p>
      {PRODUCTS.map((product) => (
        <Dialect key={product} product={product} form={form} />
      ))}
    </SettingsCard>
  );
}

interface DialectProps {
  readonly product: Product;
  readonly form: SettingsForm;
}

function Dialect({ product, form }: DialectProps) {
  const t = useText('preferences').dialects;
  const isOn = form.value(`${product}.enabled`) === 'yes';
  const base = form.value(`${product}.base`).trim();
  return (
    <fieldset class="dialect">
      <legend>{t.names[product]}</legend>
      <SettingCheck
        form={form}
        name={`${product}.enabled`}
        label={t.enabled(t.names[product])}
        hint={t.about[product]}
      />
      {isOn && location.protocol === 'http:' && <p class="notice">{t.plain[product]}</p>}
      <SettingText
        form={form}
        name={`${product}.base`}
        label={t.base(t.names[product])}
        hint={t.baseHint}
        placeholder={`/${product}`}
        fallback={t.nothing}
      />
      <p class="hint">{t.login[product]}</p>
      {isOn &&
        form.fault(`${product}.base`) === null &&
        ADDRESSES[product].map((path) => (
          <Copy key={path} text={`${location.origin}${base}${path}`} label={t.address(t.names[product], path)} />
        ))}
    </fieldset>
  );
}
