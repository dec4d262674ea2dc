/** In place of a page that there is none of at this address, or that isn't for this account: which, why, and a way on. */
import { Link } from '../router.tsx';
import { useText } from '../text.ts';
import { useHeading } from './use-heading.ts';

interface NoPageProps {
  /** As it stands in the address. */
  readonly path: string;
  /** There is such a page, for others. */
  readonly denied: boolean;
}

export function NoPage({ path, denied }: NoPageProps) {
  const t = useText('common');
  const title = denied ? t.failure.denied : t.notFound;
  const heading = useHeading(title);
  return (
    <div class="page">
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      <p>
        {t.notFoundAt} <code>{path}</code>
      </p>
      <p>
        <Link to="/">{t.toStart}</Link>
      </p>
    </div>
  );
}
