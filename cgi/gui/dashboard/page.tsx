/** The page. */
import { Page } from '../parts/page.tsx';
import { useText } from '../text.ts';

export default function Dashboard() {
  const t = useText('dashboard');
  return (
    <Page name="dashboard">
      <p>{t.soon}</p>
    </Page>
  );
}
