/**
 * A card of settings that is saved by itself: on its way, not there, or there with its way to be saved. What could shut out
 * who saves it goes on trial for a minute.
 */
import type { ComponentChildren } from 'preact';
import { useText } from '../text.ts';
import type { SettingsForm } from '../use-settings.ts';
import { Failure } from './failure.tsx';
import { Loading } from './loading.tsx';
import { TRIAL_SECONDS, trialBegan } from './pending-change.tsx';
import { SaveBar } from './setting.tsx';
import { tell } from './toast.tsx';

interface SettingsCardProps {
  readonly title: string;
  readonly form: SettingsForm;
  readonly children: ComponentChildren;
  /** It has been saved. */
  readonly onSaved?: () => void;
}

export function SettingsCard({ title, form, children, onSaved }: SettingsCardProps) {
  const t = useText('common');
  const save = async () => {
    const changed = await form.save({ confirm: TRIAL_SECONDS });
    if (!changed) return;
    if (changed.trial) trialBegan(changed.trial);
    else tell(t.saved);
    onSaved?.();
  };
  return (
    <form
      class="card form"
      aria-label={title}
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <h2>{title}</h2>
      {form.rows === null && form.error && <Failure error={form.error} again={form.again} />}
      {form.rows === null && !form.error && <Loading />}
      {form.rows !== null && (
        <>
          {children}
          <SaveBar form={form} />
        </>
      )}
    </form>
  );
}
