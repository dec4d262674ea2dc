/** The truth report: what the box knows of its own gaps, in counts by kind, and each kind in its findings. */
import type { TruthKind } from '../../contract.ts';
import { Page } from '../parts/page.tsx';
import { PeriodField } from '../parts/period.tsx';
import { Link, useQuery } from '../router.tsx';
import { useText } from '../text.ts';
import { Counts } from './counts.tsx';
import { Findings } from './findings.tsx';

const KINDS: readonly TruthKind[] = ['missing', 'nocall', 'broken', 'unknown', 'explained', 'match'];

export default function Truth() {
  const t = useText('truth');
  const [query, change] = useQuery();
  const kind = KINDS.find((each) => each === query.get('kind')) ?? null;
  const times = new URLSearchParams(
    ['period', 'startdate', 'enddate'].flatMap((name) => {
      const value = query.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );
  const addressOf = (shown: TruthKind | null, code = '') => {
    const address = new URLSearchParams(times);
    if (shown) address.set('kind', shown);
    if (code !== '') address.set('code', code);
    return address.size === 0 ? '/truth' : `/truth?${address}`;
  };
  return (
    <Page name="truth">
      {kind === null && <p class="soft">{t.about}</p>}
      <div class="fields truth-times">
        <PeriodField query={query} onChange={change} />
      </div>
      {kind === null ? (
        <Counts kinds={KINDS} addressOf={addressOf} />
      ) : (
        <>
          <p>
            <Link to={addressOf(null)}>← {t.back}</Link>
          </p>
          <Findings kind={kind} addressOf={addressOf} />
        </>
      )}
    </Page>
  );
}
