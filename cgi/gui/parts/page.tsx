/** What every page begins with: its heading, which is the document's title too and takes the focus when the page is opened. */
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { PageName } from '../../contract.ts';
import { useText } from '../text.ts';

interface PageProps {
  readonly name: PageName;
  /** Beside the heading: what is done with the page as a whole. */
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Page({ name, actions, children }: PageProps) {
  const t = useText('common');
  const title = t.pages[name];
  const heading = useRef<HTMLHeadingElement>(null);
  // With the heading and not a frame later: whoever presses a key as soon as it is there would lose the place again.
  useLayoutEffect(() => {
    document.title = `${title} · cdrd`;
    heading.current?.focus({ preventScroll: true });
  }, [title]);
  return (
    <div class={`page page-${name}`}>
      <header class="page-head">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {actions && <div class="actions">{actions}</div>}
      </header>
      {children}
    </div>
  );
}
