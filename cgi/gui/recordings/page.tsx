/** Call Recording (guide 2.1): find, hear, save, keep and delete recordings; what was deleted; and what doesn't go together. */

import { useMe } from '../me.ts';
import { Page } from '../parts/page.tsx';
import { Link, useQuery } from '../router.tsx';
import { useText } from '../text.ts';
import { List } from './list.tsx';
import { Orphans } from './orphans.tsx';
import { Trash } from './trash.tsx';

const TABS = ['list', 'trash', 'nocall', 'missing'] as const;
type Tab = (typeof TABS)[number];
/** Calls stand in these. */
const ADMIN: readonly Tab[] = ['nocall', 'missing'];

export default function Recordings() {
  const t = useText('recordings').tabs;
  const { me } = useMe();
  const [query] = useQuery();
  const shown = TABS.filter((tab) => me.role === 'admin' || !ADMIN.includes(tab));
  const tab = shown.find((each) => each === query.get('tab')) ?? 'list';
  return (
    <Page name="recordings">
      <nav class="tabs" aria-label={t.label}>
        {shown.map((each) => (
          <Link key={each} to={each === 'list' ? '/recordings' : `/recordings?tab=${each}`} current={each === tab}>
            {t[each]}
          </Link>
        ))}
      </nav>
      {tab === 'list' && <List />}
      {tab === 'trash' && <Trash />}
      {(tab === 'nocall' || tab === 'missing') && <Orphans key={tab} kind={tab} />}
    </Page>
  );
}
