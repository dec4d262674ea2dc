/** The page. */
import { Page } from '../parts/page.tsx';
import { useText } from '../text.ts';

export default function PhoneBook() {
  const t = useText('phone-book');
  return (
    <Page name="phone-book">
      <p>{t.soon}</p>
    </Page>
  );
}
