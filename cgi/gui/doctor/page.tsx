/** The doctor (30054): what is wrong with the box and the commands that mend it; the archive for who helps from afar. */
import type { DoctorFinding, DoctorReport } from '../../contract.ts';
import { addressOf } from '../api.ts';
import { Failure } from '../parts/failure.tsx';
import { Loading } from '../parts/loading.tsx';
import { Page } from '../parts/page.tsx';
import { useText } from '../text.ts';
import { useAsk } from '../use-ask.ts';
import { FindingRow } from './finding.tsx';
import { grouped, worstOf } from './groups.ts';
import { StateBadge } from './state.tsx';

const EXAMINE = 30054;
const BUNDLE = 30056;

export default function Doctor() {
  const t = useText('doctor');
  const { answer, error, busy, again } = useAsk<DoctorReport>(EXAMINE);
  const actions = (
    <>
      <button type="button" class="primary" disabled={busy} onClick={again}>
        {busy ? t.running : t.again}
      </button>
      <a class="button" href={addressOf(BUNDLE, {})} download="cdrd-support.tar.gz">
        {t.bundle}
      </a>
    </>
  );
  return (
    <Page name="doctor" actions={actions}>
      <p class="soft">{t.about}</p>
      {error && <Failure error={error} again={again} />}
      {!answer && !error && <Loading />}
      <div role="status">{answer && <Summary report={answer} />}</div>
      {answer && (
        <div aria-busy={busy}>
          {grouped(answer.json_array_findings).map(({ name, findings }) => (
            <Group key={name} name={name} findings={findings} />
          ))}
        </div>
      )}
      <p class="soft">{t.bundleHint}</p>
    </Page>
  );
}

function Summary({ report }: { readonly report: DoctorReport }) {
  const t = useText('doctor');
  const count = (state: DoctorFinding['state']) =>
    report.json_array_findings.filter((finding) => finding.state === state).length;
  const worst = worstOf(report.json_array_findings);
  return (
    <p class="doctor-summary">
      <StateBadge state={worst} word={t.verdicts[worst]} />{' '}
      <span>{t.counts(count('fault'), count('warning'), count('ok'))}</span>{' '}
      <span class="soft">{t.at(report.time)}</span>
    </p>
  );
}

interface GroupProps {
  readonly name: string;
  readonly findings: readonly DoctorFinding[];
}

function Group({ name, findings }: GroupProps) {
  const t = useText('doctor');
  const title = t.groups[name as keyof typeof t.groups] ?? name;
  return (
    <section class="card" aria-label={title}>
      <h2>{title}</h2>
      <ul class="doctor-findings">
        {findings.map((finding, index) => (
          <FindingRow key={`${finding.check} ${index}`} finding={finding} />
        ))}
      </ul>
    </section>
  );
}
