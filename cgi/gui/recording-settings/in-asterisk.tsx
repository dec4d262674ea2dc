/** Whether what is saved is in force: said at the top, and to screen readers when it changes. */
import type { SettingsInAsterisk } from '../../contract.ts';
import { Failure } from '../parts/failure.tsx';
import { useText } from '../text.ts';
import type { Asked } from '../use-ask.ts';

export function InAsterisk({ asked }: { readonly asked: Asked<SettingsInAsterisk> }) {
  const { answer, error } = asked;
  if (error) return <Failure error={error} again={asked.again} />;
  return (
    <div role="status" class="in-asterisk">
      {answer && <State {...answer} />}
    </div>
  );
}

function State({ state, why, message, since, held }: SettingsInAsterisk) {
  const t = useText('recording-settings');
  if (state === 'written' && held === '')
    return (
      <p>
        <span class="badge good">{t.inForce}</span> {t.inForceAbout}
      </p>
    );
  if (state === 'written')
    return (
      <div class="notice">
        <p>
          <span class="badge bad">{t.held}</span> {t.heldAbout}
        </p>
        <p lang="en">{held}</p>
      </div>
    );
  return (
    <div class="notice">
      <p>
        <span class="badge warn">{t.pending}</span> {why !== '' && t.why[why]}{' '}
        <span class="soft">{t.since(since)}</span>
      </p>
      {message !== '' && <p lang="en">{message}</p>}
      <p>{t.pendingAbout}</p>
    </div>
  );
}
