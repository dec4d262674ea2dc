/** The page. */
import { Page } from '../parts/page.tsx';
import { useText } from '../text.ts';

export default function Live() {
  const t = useText('live');
  return (
    <Page name="live-calls">
      <p>{t.soon}</p>
    </Page>
  );
}
