/** Which trunk a channel would be (30047), by the lists as they stand in the form. */
import { useState } from 'preact/hooks';
import type { WhichTrunk } from '../../contract.ts';
import { ask } from '../api.ts';
import { Failure } from '../parts/failure.tsx';
import { Field } from '../parts/field.tsx';
import type { preferences } from '../text/en/preferences.ts';
import { type Translated, useText } from '../text.ts';
import { useAct } from '../use-act.ts';
import type { SettingsForm } from '../use-settings.ts';

const WHICH = 30047;

export function WhichTrunkBox({ form }: { readonly form: SettingsForm }) {
  const t = useText('preferences').which;
  const [channel, setChannel] = useState('');
  const [other, setOther] = useState('');
  const [found, setFound] = useState<WhichTrunk | null>(null);
  const { busy, error, run } = useAct();
  const tried = () =>
    Object.fromEntries(form.dirty.map((name) => [name.slice('trunks.'.length), form.value(name)] as const));
  return (
    <form
      class="card form"
      aria-label={t.title}
      onSubmit={(event) => {
        event.preventDefault();
        setFound(null);
        void run(async () => setFound(await ask<WhichTrunk>(WHICH, { channel, other, ...tried() })));
      }}
    >
      <h2>{t.title}</h2>
      <p class="hint">{t.hint}</p>
      <div class="fields">
        <Field label={t.channel}>
          {(control) => (
            <input
              {...control}
              required
              placeholder="SIP/96-0000001a"
              autocomplete="off"
              spellcheck={false}
              value={channel}
              onInput={(event) => setChannel(event.currentTarget.value)}
            />
          )}
        </Field>
        <Field label={t.other}>
          {(control) => (
            <input
              {...control}
              placeholder="SIP/202-0000001b"
              autocomplete="off"
              spellcheck={false}
              value={other}
              onInput={(event) => setOther(event.currentTarget.value)}
            />
          )}
        </Field>
      </div>
      <div class="actions">
        <button type="submit" disabled={busy || channel.trim() === ''}>
          {t.ask}
        </button>
      </div>
      {error && <Failure error={error} />}
      <p role="status" class="which-answer">
        {found && (
          <>
            <strong>{found.trunk === '' ? t.none : t.trunk(found.trunk)}</strong> {whyOf(found, t)}{' '}
            {t.direction(t.directions[found.direction as keyof typeof t.directions] ?? found.direction)}
          </>
        )}
      </p>
    </form>
  );
}

function whyOf({ rule, pattern, port, peer }: WhichTrunk, t: Translated<typeof preferences>['which']): string {
  switch (rule) {
    case 'gsm':
    case 'fxo':
      return t[rule](pattern, port);
    case 'technology':
      return t.technology;
    default:
      return t[rule](peer);
  }
}
