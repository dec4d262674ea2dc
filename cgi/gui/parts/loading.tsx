/** Something is on its way: said after a moment only, so that what is quick doesn't flicker. */
import { useText } from '../text.ts';

export function Loading() {
  const t = useText('common');
  return (
    <p class="loading" role="status">
      <span class="spinner" aria-hidden="true" /> {t.loading}
    </p>
  );
}
