/** The page. */
import { Page } from '../parts/page.tsx';
import { useText } from '../text.ts';

export default function Account() {
  const t = useText('account');
  return (
    <Page name="account">
      <p>{t.soon}</p>
    </Page>
  );
}
