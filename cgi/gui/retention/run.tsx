/** How retention last went and goes next, what lies on the medium, and the button that runs it now. */
import { useState } from 'preact/hooks';
import type { RetentionShown } from '../../contract.ts';
import { AskError, ask } from '../api.ts';
import { bytes, whole } from '../format.ts';
import { Dialog } from '../parts/dialog.tsx';
import { tell } from '../parts/toast.tsx';
import { useText } from '../text.ts';
import type { Asked } from '../use-ask.ts';
import { removalOf } from './rules.ts';

const RETENTION = 30026;

export function RunState({ now }: { readonly now: Asked<RetentionShown> }) {
  const t = useText('retention');
  const [asking, setAsking] = useState(false);
  const { answer } = now;
  if (!answer) return null;
  const { medium, last, rests_until, clock } = answer;
  return (
    <>
      {rests_until !== null && <p class="notice">{t.rests(rests_until)}</p>}
      {answer.why !== '' && (
        <div class="failure" role="alert">
          <p>
            <strong>{t.failed}</strong>
          </p>
          <p lang="en">{answer.why}</p>
        </div>
      )}
      {clock.doubt !== '' && (
        <div class="notice">
          <p>
            {t.doubt}
            {clock.time !== null && `: ${clock.time}`}
          </p>
          <p lang="en">{clock.doubt}</p>
        </div>
      )}
      {medium?.spared && (
        <div class="notice">
          <p>{t.spared}</p>
          <p lang="en">{medium.spared}</p>
        </div>
      )}
      <dl class="retention-state">
        <dt>{t.medium}</dt>
        <dd>
          {medium ? t.mediumUse(bytes(medium.recordings), bytes(medium.free), bytes(medium.total)) : t.noMedium}{' '}
          {medium && medium.kept > 0 && t.kept(bytes(medium.kept))}
        </dd>
        <dt>{t.state}</dt>
        <dd>
          {answer.next === null ? t.nextUnknown : t.next(answer.next)}{' '}
          {answer.done === null ? t.doneNever : t.done(answer.done)}{' '}
          {last ? t.last(last.at, whole(last.recordings), bytes(last.bytes), whole(last.calls)) : t.lastNever}
        </dd>
      </dl>
      <button type="button" disabled={answer.running} onClick={() => setAsking(true)}>
        {answer.running ? t.running : t.runNow}
      </button>
      {asking && (
        <RunQuestion
          shown={answer}
          onClose={() => {
            setAsking(false);
            now.again();
          }}
        />
      )}
    </>
  );
}

interface RunQuestionProps {
  readonly shown: RetentionShown;
  onClose(): void;
}

function RunQuestion({ shown, onClose }: RunQuestionProps) {
  const t = useText('retention');
  const common = useText('common');
  const [busy, setBusy] = useState(false);
  const { recordings, bytes: size, calls } = removalOf(shown.json_array_rules);
  const nothing = recordings + calls === 0;
  const run = async () => {
    setBusy(true);
    try {
      const { running } = await ask<RetentionShown>(RETENTION, { run: true, limit: 0 });
      tell(running ? t.stillRunning : t.ran(whole(recordings), whole(calls)));
    } catch (error) {
      if (!(error instanceof AskError)) throw error;
      tell({ text: error.message, failed: true });
    }
    onClose();
  };
  return (
    <Dialog title={t.runTitle} onClose={onClose}>
      <p>{nothing ? t.runNothing : t.runWhat(whole(recordings), bytes(size), whole(calls))}</p>
      {recordings > 0 && (
        <p>
          <strong>{t.forGood}</strong>
        </p>
      )}
      <div class="actions">
        {!nothing && (
          <button type="button" class="danger" disabled={busy} onClick={() => void run()}>
            {t.runYes}
          </button>
        )}
        <button type="button" onClick={onClose}>
          {nothing ? common.close : common.cancel}
        </button>
      </div>
    </Dialog>
  );
}
