/** The zone, and how far the box's clock is from this device's, in words. */
import { useEffect, useState } from 'preact/hooks';
import { boxClock, useMe } from '../me.ts';
import { SettingText } from '../parts/setting.tsx';
import { SettingsCard } from '../parts/settings-card.tsx';
import { useText } from '../text.ts';
import { useSettings } from '../use-settings.ts';

/** Milliseconds that are no drift: an answer takes its time. */
const SAME_MS = 2_000;

export function TimeCard() {
  const t = useText('preferences').time;
  const { me, drift } = useMe();
  const form = useSettings((name) => name === 'time.zone');
  const [, setBeat] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setBeat((before) => before + 1), 1_000);
    return () => clearInterval(timer);
  }, []);
  const text = me.zone === '' ? me.clock : boxClock(drift, me.zone).toISOString().slice(0, 19).replace('T', ' ');
  const apart = Math.abs(drift);
  const span = spanOf(apart, t);
  const sentence = apart < SAME_MS ? t.same : drift > 0 ? t.ahead(span) : t.behind(span);
  return (
    <SettingsCard title={t.title} form={form}>
      <SettingText
        form={form}
        name="time.zone"
        label={t.zone}
        hint={t.zoneHint}
        fallback={t.zoneDefault}
        list="zones"
      />
      <datalist id="zones">
        {Intl.supportedValuesOf('timeZone').map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
      <p class={apart < SAME_MS && me.clock_trusted ? 'clock' : 'clock notice'}>
        {t.clock(text, me.zone)} {sentence} {!me.clock_trusted && t.doubtful} {t.set}
      </p>
    </SettingsCard>
  );
}

interface Words {
  seconds(count: number): string;
  minutes(count: number): string;
  hours(count: number): string;
  days(count: number): string;
}

function spanOf(ms: number, words: Words): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return words.seconds(seconds);
  if (seconds < 7_200) return words.minutes(Math.round(seconds / 60));
  if (seconds < 172_800) return words.hours(Math.round(seconds / 3_600));
  return words.days(Math.round(seconds / 86_400));
}
