/** Dashboard: who waits to be called back, what the day was like, and whether the box is well. Tile by tile, none waits. */
import { useMe } from '../me.ts';
import { Page } from '../parts/page.tsx';
import { language, useText } from '../text.ts';
import { Box } from './box.tsx';
import { Missed } from './missed.tsx';
import { useGone } from './refresh.ts';
import { Traffic } from './traffic.tsx';

export default function Dashboard() {
  return (
    <Page name="dashboard">
      <Gone />
      <div class="tiles">
        <Missed />
        <Traffic />
        <Box />
      </div>
    </Page>
  );
}

/** Nothing is asked again while nobody is there: then what is shown is of then. */
function Gone() {
  const t = useText('dashboard');
  const { me, drift } = useMe();
  const gone = useGone();
  const clock = new Intl.DateTimeFormat(language, { timeStyle: 'short', hourCycle: 'h23', timeZone: me.zone });
  return <div role="status">{gone !== null && <p class="notice">{t.gone(clock.format(gone + drift))}</p>}</div>;
}
