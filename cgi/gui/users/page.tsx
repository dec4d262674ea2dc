/** The page. */
import { Page } from '../parts/page.tsx';
import { useText } from '../text.ts';

export default function Users() {
  const t = useText('users');
  return (
    <Page name="users">
      <p>{t.soon}</p>
    </Page>
  );
}
