/** The dialects: each product's switch, what stands in front of its addresses, and what a program written for it must be given. */
import { Copy } from '../parts/copy.tsx';
import { SettingCheck, SettingLines, SettingText } from '../parts/setting.tsx';
import { SettingsCard } from '../parts/settings-card.tsx';
import { useText } from '../text.ts';
import { type SettingsForm, useSettings } from '../use-settings.ts';
import { DialectSecretCard } from './dialect-secret.tsx';

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
    <>
      <SettingsCard title={t.title} form={form}>
        <p class="hint">{t.hint}</p>
        {PRODUCTS.map((product) => (
          <Dialect key={product} product={product} form={form} />
        ))}
      </SettingsCard>
      <DialectSecretCard />
    </>
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
      {product === 'mor' && <MorSettings form={form} />}
      {isOn &&
        form.fault(`${product}.base`) === null &&
        ADDRESSES[product].map((path) => (
          <Copy key={path} text={`${location.origin}${base}${path}`} label={t.address(t.names[product], path)} />
        ))}
    </fieldset>
  );
}

/** What MOR's clients ask by that this box has no word for: user ids, and calls that a page places. */
function MorSettings({ form }: { readonly form: SettingsForm }) {
  const t = useText('preferences').dialects.mor;
  return (
    <>
      <SettingLines form={form} name="mor.users" label={t.users} hint={t.usersHint} fallback="" />
      <SettingCheck form={form} name="mor.get" label={t.get} hint={t.getHint} />
      <SettingCheck form={form} name="mor.sample_hash" label={t.sampleHash} hint={t.sampleHashHint} />
      <SettingCheck form={form} name="mor.callback" label={t.callback} hint={t.callbackHint} />
      <SettingLines
        form={form}
        name="mor.callback_numbers"
        label={t.numbers}
        hint={t.numbersHint}
        fallback={t.nobody}
      />
    </>
  );
}
