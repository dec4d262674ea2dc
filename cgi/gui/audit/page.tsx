/** The page. */
import { Page } from '../parts/page.tsx';
import { useText } from '../text.ts';

export default function Audit() {
  const t = useText('audit');
  return (
    <Page name="audit">
      <p>{t.soon}</p>
    </Page>
  );
}
