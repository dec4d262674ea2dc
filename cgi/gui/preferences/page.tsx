/** How the box is reached, how it counts calls, and what time it is (admin). Each card is saved by itself. */
import { Page } from '../parts/page.tsx';
import { SettingLines, SettingText } from '../parts/setting.tsx';
import { SettingsCard } from '../parts/settings-card.tsx';
import { useText } from '../text.ts';
import { useSettings } from '../use-settings.ts';
import { AlarmsCard } from './alarms.tsx';
import { CertificateCard } from './certificate.tsx';
import { DialectsCard } from './dialects.tsx';
import { TimeCard } from './time.tsx';
import { WebCard } from './web.tsx';
import { WhichTrunkBox } from './which.tsx';

const KINDS = ['extension', 'ivr', 'conference', 'queue', 'ringgroup', 'paging'] as const;

export default function Preferences() {
  return (
    <Page name="preferences">
      <WebCard />
      <CertificateCard />
      <NumbersCard />
      <TrunksCard />
      <TimeCard />
      <AlarmsCard />
      <DialectsCard />
      <FirmwareCard />
    </Page>
  );
}

function NumbersCard() {
  const t = useText('preferences').numbers;
  const form = useSettings((name) => name.startsWith('numbering.'));
  return (
    <SettingsCard title={t.title} form={form}>
      <p class="hint">{t.hint}</p>
      <div class="fields">
        {KINDS.map((kind) => (
          <SettingText key={kind} form={form} name={`numbering.${kind}`} label={t[kind]} />
        ))}
      </div>
    </SettingsCard>
  );
}

function TrunksCard() {
  const t = useText('preferences').trunks;
  const form = useSettings((name) => name.startsWith('trunks.'));
  return (
    <>
      <SettingsCard title={t.title} form={form}>
        <div class="fields">
          <SettingLines form={form} name="trunks.names" label={t.names} hint={t.namesHint} fallback={t.all} />
          <SettingLines form={form} name="trunks.fxo" label={t.fxo} hint={t.patternHint} />
          <SettingLines form={form} name="trunks.gsm" label={t.gsm} hint={t.patternHint} />
        </div>
      </SettingsCard>
      <WhichTrunkBox form={form} />
    </>
  );
}

function FirmwareCard() {
  const t = useText('preferences').firmware;
  return (
    <section class="card">
      <h2>{t.title}</h2>
      <p>{t.text}</p>
    </section>
  );
}
