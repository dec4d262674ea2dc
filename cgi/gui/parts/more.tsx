/** The end of an endless list: what is behind it is asked for as it comes near, or by a click. */
import { useEffect, useRef } from 'preact/hooks';
import { useText } from '../text.ts';
import type { Pages } from '../use-pages.ts';
import { Failure } from './failure.tsx';
import { Loading } from './loading.tsx';

/** Pixels before it is seen. */
const AHEAD = '1200px 0px';

export function More({ of: { pages, whole, busy, error, more, again } }: { readonly of: Pages<unknown> }) {
  const t = useText('common');
  const end = useRef<HTMLDivElement>(null);
  // Anew with each page: one that is still in sight wants the next.
  useEffect(() => {
    if (!end.current || whole || busy || error) return;
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && more(), { rootMargin: AHEAD });
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [whole, busy, error, more]);
  return (
    <div ref={end} class="list-more">
      {busy && <Loading />}
      {error && <Failure error={error} again={pages.length > 0 ? more : again} />}
      {!busy && !error && !whole && (
        <button type="button" onClick={more}>
          {t.more}
        </button>
      )}
    </div>
  );
}
