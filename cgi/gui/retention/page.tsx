/** The page. */
import { Page } from '../parts/page.tsx';
import { useText } from '../text.ts';

export default function Retention() {
  const t = useText('retention');
  return (
    <Page name="retention">
      <p>{t.soon}</p>
    </Page>
  );
}
