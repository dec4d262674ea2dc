/** Whom the box tells when its stick, Asterisk or room on a disk is gone; a test of each way, and how it does. */
import type { AlarmsShown, AlarmWay } from '../../contract.ts';
import { ask } from '../api.ts';
import { Failure } from '../parts/failure.tsx';
import { SettingLines, SettingText } from '../parts/setting.tsx';
import { SettingsCard } from '../parts/settings-card.tsx';
import { tell } from '../parts/toast.tsx';
import { useText } from '../text.ts';
import { useAct } from '../use-act.ts';
import { useAsk } from '../use-ask.ts';
import { useSettings } from '../use-settings.ts';

const ALARMS = 30055;

export function AlarmsCard() {
  const t = useText('preferences').alarms;
  const form = useSettings((name) => name.startsWith('alarm.'));
  const { answer, error, again } = useAsk<AlarmsShown>(ALARMS);
  return (
    <SettingsCard title={t.title} form={form} onSaved={again}>
      <p class="hint">{t.hint}</p>
      {answer?.json_array_alarms.map(({ kind, disk, since }) => (
        <p key={`${kind} ${disk}`} class="notice">
          {t.raised(t.kinds[disk === 'state' ? 'state_full' : kind])} {since !== null && t.since(since)}
        </p>
      ))}
      <div class="fields">
        <SettingLines form={form} name="alarm.mail" label={t.mail} hint={t.mailHint} fallback={t.nobody} />
        <SettingText form={form} name="alarm.sender" label={t.sender} hint={t.senderHint} fallback={t.system} />
        <SettingText form={form} name="alarm.webhook" label={t.webhook} hint={t.webhookHint} fallback={t.nobody} />
        <SettingText
          form={form}
          name="alarm.after"
          label={t.after}
          hint={t.afterHint}
          type="number"
          min={0}
          max={3600}
        />
      </div>
      {error && <Failure error={error} again={again} />}
      {answer && (
        <ul class="alarm-ways">
          {answer.json_array_ways.map((state) => (
            <Way key={state.way} state={state} unsaved={form.dirty.length > 0} onTried={again} />
          ))}
        </ul>
      )}
    </SettingsCard>
  );
}

interface WayProps {
  readonly state: AlarmWay;
  /** A test goes by what is saved. */
  readonly unsaved: boolean;
  onTried(): void;
}

function Way({ state, unsaved, onTried }: WayProps) {
  const t = useText('preferences').alarms;
  const { way, on, why, waiting, lost, arrived, failed } = state;
  const { busy, error, run } = useAct();
  const name = t.ways[way];
  const look = !on ? '' : why !== '' ? 'bad' : arrived !== null ? 'good' : '';
  const word = !on ? t.off : why !== '' ? t.failing : arrived !== null ? t.arrives : t.untried;
  const test = () =>
    run(async () => {
      const { test: tried } = await ask<AlarmsShown>(ALARMS, { send: way });
      tell({ text: tried ? t.tested[tried.state](name) : '', failed: tried?.state === 'failed' });
      onTried();
    });
  return (
    <li>
      <div>
        <strong>{name}</strong> <span class={`badge ${look}`}>{word}</span>
        <p class="hint">
          {arrived !== null && t.arrived(arrived)} {why !== '' && failed !== null && t.failed(failed)}{' '}
          {waiting > 0 && t.waiting(waiting)} {lost > 0 && t.lost(lost)}
        </p>
        {why !== '' && (
          <p class="fault" lang="en">
            {why}
          </p>
        )}
        {error && <Failure error={error} />}
      </div>
      <button type="button" disabled={!on || unsaved || busy} aria-label={t.testOf(name)} onClick={() => void test()}>
        {busy ? t.testing : t.test}
      </button>
    </li>
  );
}
