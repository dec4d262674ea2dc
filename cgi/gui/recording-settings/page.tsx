/** Recording Settings (guide 3.2): what is recorded, where to, and what tells people of it; and whether Asterisk has it. */
import { useRef, useState } from 'preact/hooks';
import type { SettingsInAsterisk } from '../../contract.ts';
import { Failure } from '../parts/failure.tsx';
import { Loading } from '../parts/loading.tsx';
import { Page } from '../parts/page.tsx';
import { SaveBar, SettingCheck } from '../parts/setting.tsx';
import { tell } from '../parts/toast.tsx';
import { useText } from '../text.ts';
import { useAsk } from '../use-ask.ts';
import { usePoll } from '../use-poll.ts';
import { useSettings } from '../use-settings.ts';
import { InAsterisk } from './in-asterisk.tsx';
import { PlaceField } from './place.tsx';
import { PromptFields } from './prompt.tsx';

const STATE = 30050;
/** While something is pending somebody waits for it to be in force. */
const PENDING_MS = 1_500;
const CALM_MS = 10_000;

const KINDS = ['inbound', 'outbound', 'internal', 'callback', 'conference'] as const;
const isOurs = (name: string) => name.startsWith('recording.');

export default function RecordingSettings() {
  const t = useText('recording-settings');
  const form = useSettings(isOurs);
  const asterisk = useAsk<SettingsInAsterisk>(STATE);
  // The answer that a save has overtaken: "in force" of before must not stand beside "not yet in force".
  const [overtaken, setOvertaken] = useState<SettingsInAsterisk | null>(null);
  const latest = useRef(asterisk.answer);
  latest.current = asterisk.answer;
  usePoll(asterisk.again, asterisk.answer?.state === 'written' ? CALM_MS : PENDING_MS);

  const said = (name: string): string => {
    const value = form.value(name);
    if (value === 'yes') return t.on;
    if (value === 'no') return t.off;
    return value === '' ? t.promptNone : value;
  };
  const labels: Readonly<Record<string, string>> = {
    'recording.enable': t.enable,
    'recording.place': t.place,
    ...Object.fromEntries(KINDS.map((kind) => [`recording.${kind}`, t[kind]])),
    'recording.prompt.inbound': t.promptInbound,
    'recording.prompt.outbound': t.promptOutbound,
    'recording.prompt.inbound.record': `${t.promptInbound}, ${t.write}`,
    'recording.prompt.outbound.record': `${t.promptOutbound}, ${t.write}`,
  };

  const save = async () => {
    const changes = form.dirty.map((name) => `${labels[name] ?? name}: ${said(name)}`).join('; ');
    const changed = await form.save();
    asterisk.again();
    if (changed && changed.pending.length > 0) setOvertaken(latest.current);
    if (changed) tell(changed.pending.length > 0 ? t.savedPending(changes) : t.savedInForce(changes));
  };

  if (!form.rows)
    return (
      <Page name="recording-settings">
        {form.error ? <Failure error={form.error} again={form.again} /> : <Loading />}
      </Page>
    );
  return (
    <Page name="recording-settings">
      <InAsterisk asked={asterisk.answer === overtaken ? { ...asterisk, answer: null } : asterisk} />
      <form
        class="recording-settings"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <section class="card" aria-labelledby="recording-general">
          <h2 id="recording-general">{t.general}</h2>
          <SettingCheck form={form} name="recording.enable" label={t.enable} />
          <PlaceField form={form} />
        </section>
        <section class="card" aria-labelledby="recording-kinds">
          <h2 id="recording-kinds">{t.kinds}</h2>
          {form.value('recording.enable') === 'no' && <p class="soft">{t.allOff}</p>}
          <div class="fields">
            {KINDS.map((kind) => (
              <SettingCheck key={kind} form={form} name={`recording.${kind}`} label={t[kind]} />
            ))}
          </div>
        </section>
        <section class="card" aria-labelledby="recording-prompts">
          <h2 id="recording-prompts">{t.prompts}</h2>
          <p class="soft">{t.promptsAbout}</p>
          <PromptFields form={form} />
        </section>
        <SaveBar form={form} />
      </form>
    </Page>
  );
}
