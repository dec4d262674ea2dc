/** Dashboard: who waits to be called back, what the day was like, and whether the box is well. Tile by tile, none waits. */
import { Page } from '../parts/page.tsx';
import { Box } from './box.tsx';
import { Missed } from './missed.tsx';
import { Traffic } from './traffic.tsx';

export default function Dashboard() {
  return (
    <Page name="dashboard">
      <div class="tiles">
        <Missed />
        <Traffic />
        <Box />
      </div>
    </Page>
  );
}
