/** Which page is shown, by its address, and the filter that stands in it: `/calls?src=201`. Back and forward work. */
import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';

const changed = new Set<() => void>();

export interface Place {
  /** `/calls` */
  readonly path: string;
  readonly query: URLSearchParams;
}

function placeNow(): Place {
  return { path: location.pathname, query: new URLSearchParams(location.search) };
}

/** Shows another address. @param replace The one until now can't be gone back to: for a filter that is being typed. */
export function go(address: string, replace = false): void {
  if (address === location.pathname + location.search) return;
  if (replace) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
  for (const listener of changed) listener();
}

export function usePlace(): Place {
  const [place, setPlace] = useState(placeNow);
  useEffect(() => {
    const listener = () => setPlace(placeNow());
    changed.add(listener);
    addEventListener('popstate', listener);
    return () => {
      changed.delete(listener);
      removeEventListener('popstate', listener);
    };
  }, []);
  return place;
}

export type Patch = Readonly<Record<string, string | null>>;

/** The query of the address, and how to change it: null and '' take a name out. */
export function useQuery(): [URLSearchParams, (patch: Patch, replace?: boolean) => void] {
  const { path, query } = usePlace();
  const change = useCallback(
    (patch: Patch, replace = false) => {
      const next = new URLSearchParams(location.search);
      for (const [name, value] of Object.entries(patch)) {
        if (value === null || value === '') next.delete(name);
        else next.set(name, value);
      }
      const text = next.toString();
      go(text === '' ? path : `${path}?${text}`, replace);
    },
    [path],
  );
  return [query, change];
}

interface LinkProps {
  readonly to: string;
  readonly children: ComponentChildren;
  readonly class?: string;
  readonly current?: boolean;
}

/** A link within the pages: opened in place by a plain click, by the browser otherwise. */
export function Link({ to, children, current, class: name }: LinkProps) {
  return (
    <a
      href={to}
      class={name}
      aria-current={current ? 'page' : undefined}
      onClick={(event) => {
        if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        go(to);
        scrollTo(0, 0);
      }}
    >
      {children}
    </a>
  );
}
