/** The page. */
import { Page } from '../parts/page.tsx';
import { useText } from '../text.ts';

export default function Calls() {
  const t = useText('calls');
  return (
    <Page name="calls">
      <p>{t.soon}</p>
    </Page>
  );
}
