/** The page. */
import { Page } from '../parts/page.tsx';
import { useText } from '../text.ts';

export default function RecordingSettings() {
  const t = useText('recording-settings');
  return (
    <Page name="recording-settings">
      <p>{t.soon}</p>
    </Page>
  );
}
