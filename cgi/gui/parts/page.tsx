/** What every page begins with: its heading, which is the document's title too and takes the focus when the page is opened. */
import type { ComponentChildren } from 'preact';
import type { PageName } from '../../contract.ts';
import { useText } from '../text.ts';
import { useHeading } from './use-heading.ts';

interface PageProps {
  readonly name: PageName;
  /** Beside the heading: what is done with the page as a whole. */
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Page({ name, actions, children }: PageProps) {
  const t = useText('common');
  const title = t.pages[name];
  const heading = useHeading(title);
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
