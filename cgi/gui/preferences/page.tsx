/** The page. */
import { Page } from '../parts/page.tsx';
import { useText } from '../text.ts';

export default function Preferences() {
  const t = useText('preferences');
  return (
    <Page name="preferences">
      <p>{t.soon}</p>
    </Page>
  );
}
