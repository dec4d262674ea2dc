/** The end of a list that is loaded part by part: more as it comes into sight, or by a button; what failed, and another try. */
import { useEffect, useRef } from 'preact/hooks';
import { useText } from '../text.ts';
import type { More } from '../use-more.ts';
import { Failure } from './failure.tsx';
import { Loading } from './loading.tsx';

export function ListEnd({ list }: { readonly list: Pick<More<unknown, unknown>, 'more' | 'busy' | 'error' | 'load'> }) {
  const { more, busy, error, load } = list;
  if (busy) return <Loading />;
  if (error) return <Failure error={error} again={load} />;
  return more ? <Reached load={load} /> : null;
}

function Reached({ load }: { load(): void }) {
  const t = useText('common');
  const button = useRef<HTMLButtonElement>(null);
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    if (!button.current) return;
    const watch = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) latest.current();
      },
      { rootMargin: '600px' },
    );
    watch.observe(button.current);
    return () => watch.disconnect();
  }, []);
  return (
    <p class="empty">
      <button ref={button} type="button" onClick={load}>
        {t.more}
      </button>
    </p>
  );
}
