/** Retention and Backup: what is removed by itself and what that would be now; the trash; the copies of the store. */
import { useState } from 'preact/hooks';
import type { RetentionShown } from '../../contract.ts';
import { AskError, ask } from '../api.ts';
import { bytes, whole } from '../format.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Failure } from '../parts/failure.tsx';
import { Loading } from '../parts/loading.tsx';
import { Page } from '../parts/page.tsx';
import { SaveBar, SettingCheck, SettingText } from '../parts/setting.tsx';
import { tell } from '../parts/toast.tsx';
import { useText } from '../text.ts';
import { useAsk } from '../use-ask.ts';
import { usePoll } from '../use-poll.ts';
import { useSettings } from '../use-settings.ts';
import { Backups } from './backups.tsx';
import { RuleFields } from './rule-fields.tsx';
import { type Removal, RULES, removalOf, removesMore } from './rules.ts';
import { RunState } from './run.tsx';

const RETENTION = 30026;
const RUNNING_MS = 2_000;

const isOurs = (name: string) => /^(retention|trash|backup)\./.test(name);

export default function RetentionPage() {
  const t = useText('retention');
  const form = useSettings(isOurs);
  const now = useAsk<RetentionShown>(RETENTION, { limit: 0 });
  usePoll(now.again, now.answer?.running ? RUNNING_MS : null);
  const [question, setQuestion] = useState<Removal | null>(null);

  const save = async () => {
    setQuestion(null);
    if (await form.save()) tell(t.saved);
    now.again();
  };
  /** What the rules as typed would remove is known before they hold. */
  const submit = async () => {
    const rules = RULES.map(({ name }) => name).filter((name) => form.dirty.includes(name));
    if (rules.length > 0 && now.answer) {
      try {
        const other = Object.fromEntries(rules.map((name) => [name, form.value(name)]));
        const planned = removalOf((await ask<RetentionShown>(RETENTION, { limit: 0, ...other })).json_array_rules);
        if (removesMore(planned, removalOf(now.answer.json_array_rules))) return setQuestion(planned);
      } catch (error) {
        // What is wrong with a value, the saving says at its field.
        if (!(error instanceof AskError)) throw error;
      }
    }
    await save();
  };

  if (!form.rows)
    return <Page name="retention">{form.error ? <Failure error={form.error} again={form.again} /> : <Loading />}</Page>;
  return (
    <Page name="retention">
      <div class="retention">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void submit();
          }}
        >
          <section class="card" aria-labelledby="retention-rules">
            <h2 id="retention-rules">{t.rules}</h2>
            <p class="soft">{t.rulesAbout}</p>
            <RuleFields form={form} now={now} />
            <RunState now={now} />
          </section>
          <section class="card" aria-labelledby="retention-trash">
            <h2 id="retention-trash">{t.trash}</h2>
            <div class="fields">
              <SettingText form={form} name="trash.days" label={t.trashDays} type="number" min={1} max={365} />
              <SettingCheck form={form} name="trash.skip" label={t.trashSkip} hint={t.trashSkipHint} />
            </div>
          </section>
          <section class="card" aria-labelledby="retention-backup">
            <h2 id="retention-backup">{t.backup}</h2>
            <p class="soft">{t.backupAbout}</p>
            <SettingCheck form={form} name="backup.enable" label={t.backupEnable} />
            <div class="fields">
              <SettingText form={form} name="backup.time" label={t.backupTime} hint={t.backupTimeHint} type="time" />
              <SettingText
                form={form}
                name="backup.keep"
                label={t.backupKeep}
                hint={t.backupKeepHint}
                type="number"
                min={1}
                max={365}
              />
            </div>
          </section>
          <SaveBar form={form} />
        </form>
        <Backups />
      </div>
      {question && (
        <Dialog title={t.saveTitle} onClose={() => setQuestion(null)}>
          <p>{t.saveWhat(whole(question.recordings), bytes(question.bytes), whole(question.calls))}</p>
          {question.recordings > 0 && (
            <p>
              <strong>{t.forGood}</strong>
            </p>
          )}
          <div class="actions">
            <button type="button" class="danger" onClick={() => void save()}>
              {t.saveYes}
            </button>
            <Cancel onClick={() => setQuestion(null)} />
          </div>
        </Dialog>
      )}
    </Page>
  );
}

function Cancel({ onClick }: { onClick(): void }) {
  const t = useText('common');
  return (
    <button type="button" onClick={onClick}>
      {t.cancel}
    </button>
  );
}
