/** The page. */
import { Page } from '../parts/page.tsx';
import { useText } from '../text.ts';

export default function Truth() {
  const t = useText('truth');
  return (
    <Page name="truth">
      <p>{t.soon}</p>
    </Page>
  );
}
