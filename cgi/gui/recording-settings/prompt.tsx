/** The two prompts: a sound that Asterisk has or none, and whether it stands in the recording too. */
import { useState } from 'preact/hooks';
import type { SoundRows } from '../../contract.ts';
import { Field } from '../parts/field.tsx';
import { SettingCheck, SettingText } from '../parts/setting.tsx';
import { useText } from '../text.ts';
import { useAsk } from '../use-ask.ts';
import type { SettingsForm } from '../use-settings.ts';

const SOUNDS = 30049;
/** No sound has such a name. */
const OTHER = '…';

export function PromptFields({ form }: { readonly form: SettingsForm }) {
  const t = useText('recording-settings');
  const { answer, error } = useAsk<SoundRows>(SOUNDS);
  const names = answer?.json_array_sounds.map(({ name }) => name) ?? [];
  const lacking = error !== null || (answer !== null && answer.why !== '');
  return (
    <>
      {lacking && <p class="hint">{t.soundsFailed}</p>}
      {answer?.more && <p class="hint">{t.soundsMore}</p>}
      <div class="prompts">
        <Prompt
          form={form}
          name="recording.prompt.inbound"
          label={t.promptInbound}
          hint={t.promptInboundHint}
          written={t.writeInbound}
          sounds={names}
        />
        <Prompt
          form={form}
          name="recording.prompt.outbound"
          label={t.promptOutbound}
          hint={t.promptOutboundHint}
          written={t.writeOutbound}
          sounds={names}
        />
      </div>
    </>
  );
}

interface PromptProps {
  readonly form: SettingsForm;
  readonly name: string;
  readonly label: string;
  readonly hint: string;
  /** What "write to the recording file" does. */
  readonly written: string;
  readonly sounds: readonly string[];
}

function Prompt({ form, name, label, hint, written, sounds }: PromptProps) {
  const t = useText('recording-settings');
  const [typing, setTyping] = useState(false);
  const value = form.value(name);
  const isOwn = (sound: string) => sound.startsWith('custom/');
  // One that was set before, or elsewhere, and isn't in the list.
  const shown = value === '' || sounds.includes(value) ? sounds : [value, ...sounds];
  const own = shown.filter(isOwn);
  const others = shown.filter((sound) => !isOwn(sound));
  return (
    <fieldset class="prompt">
      <legend class="visually-hidden">{label}</legend>
      <Field label={label} hint={hint} fault={typing ? null : form.fault(name)}>
        {(control) => (
          <select
            {...control}
            name={name}
            disabled={form.rows?.get(name)?.fixed != null}
            value={typing ? OTHER : value}
            onChange={(event) => {
              const chosen = event.currentTarget.value;
              setTyping(chosen === OTHER);
              if (chosen !== OTHER) form.set(name, chosen);
            }}
          >
            <option value="">{t.promptNone}</option>
            {own.length > 0 && (
              <optgroup label={t.promptOwn}>
                {own.map((sound) => (
                  <option key={sound}>{sound}</option>
                ))}
              </optgroup>
            )}
            {others.length > 0 && (
              <optgroup label={t.promptAsterisk}>
                {others.map((sound) => (
                  <option key={sound}>{sound}</option>
                ))}
              </optgroup>
            )}
            <option value={OTHER}>{t.promptOther}</option>
          </select>
        )}
      </Field>
      {typing && <SettingText form={form} name={name} label={t.promptName} hint={t.promptNameHint} fallback="" />}
      {value !== '' && <SettingCheck form={form} name={`${name}.record`} label={t.write} hint={written} />}
    </fieldset>
  );
}
