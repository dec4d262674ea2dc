/** One tile: what it is of, what there is to know, and where more of it stands. Each is loaded by itself. */
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import type { AskError } from '../api.ts';
import { Failure } from '../parts/failure.tsx';
import { Loading } from '../parts/loading.tsx';
import { Link } from '../router.tsx';

interface TileProps {
  readonly title: string;
  /** Where more of it stands: the page, and what it is called there. */
  readonly to?: string;
  readonly more?: string;
  /** What it shows is on its way. */
  readonly waiting: boolean;
  readonly error: AskError | null;
  again(): void;
  readonly class?: string;
  readonly children: ComponentChildren;
}

export function Tile({ title, to, more, waiting, error, again, class: name, children }: TileProps) {
  const id = useId();
  return (
    <section class={`card tile ${name ?? ''}`} aria-labelledby={id}>
      <header class="tile-head">
        <h2 id={id}>{title}</h2>
        {to && <Link to={to}>{more}</Link>}
      </header>
      {error && <Failure error={error} again={again} />}
      {waiting && !error ? <Loading /> : children}
    </section>
  );
}
