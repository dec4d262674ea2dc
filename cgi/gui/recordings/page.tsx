/** The page. */
import { Page } from '../parts/page.tsx';
import { useText } from '../text.ts';

export default function Recordings() {
  const t = useText('recordings');
  return (
    <Page name="recordings">
      <p>{t.soon}</p>
    </Page>
  );
}
