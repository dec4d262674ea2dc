/** The page. */
import { Page } from '../parts/page.tsx';
import { useText } from '../text.ts';

export default function Ami() {
  const t = useText('ami');
  return (
    <Page name="ami-settings">
      <p>{t.soon}</p>
    </Page>
  );
}
