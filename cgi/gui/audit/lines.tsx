/** The lines of the log, page by page as one comes to the end of what is shown. */
import { Fragment } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { AuditLine, AuditLog } from '../../contract.ts';
import { type AskError, addressOf, ask, isAbort } from '../api.ts';
import { Failure } from '../parts/failure.tsx';
import { Loading } from '../parts/loading.tsx';
import { useQuery } from '../router.tsx';
import { useText } from '../text.ts';
import { filterIn } from './filter.tsx';
import { useWords } from './words.ts';

const LIST = 30018;
const PAGE = 100;

interface State {
  readonly lines: readonly AuditLine[];
  /** Where to go on; null: that was all. */
  readonly before: number | null;
  readonly error: AskError | null;
  readonly busy: boolean;
}
const NOTHING: State = { lines: [], before: null, error: null, busy: true };

export function AuditLines() {
  const t = useText('audit');
  const [query] = useQuery();
  const key = JSON.stringify(filterIn(query));
  const filter = JSON.parse(key) as ReturnType<typeof filterIn>;
  const [state, setState] = useState<State>(NOTHING);
  const [turn, setTurn] = useState(0);
  const stop = useRef(new AbortController());

  /** @param before null: from the newest on. */
  const load = useCallback(
    (before: number | null) => {
      stop.current.abort();
      stop.current = new AbortController();
      setState((now) => (before === null ? NOTHING : { ...now, busy: true, error: null }));
      ask<AuditLog>(
        LIST,
        { ...(JSON.parse(key) as object), before, limit: PAGE },
        { signal: stop.current.signal },
      ).then(
        ({ json_array_audit: more, before: next = null }) =>
          setState((now) => ({
            lines: before === null ? more : [...now.lines, ...more],
            before: next,
            error: null,
            busy: false,
          })),
        (error: AskError) => {
          if (!isAbort(error)) setState((now) => ({ ...now, error, busy: false }));
        },
      );
    },
    [key],
  );
  useEffect(() => {
    load(null);
    return () => stop.current.abort();
  }, [load, turn]);

  const { lines, before, error, busy } = state;
  return (
    <section aria-label={t.lines} aria-busy={busy}>
      <div class="actions audit-actions">
        <button type="button" onClick={() => setTurn(turn + 1)}>
          {t.refresh}
        </button>
        <a class="button" href={addressOf(LIST, { ...filter, limit: 1_000 })} download="audit.json">
          {t.download}
        </a>
      </div>
      <p class="visually-hidden" role="status">
        {busy ? '' : t.shown(lines.length)}
      </p>
      <ol class="audit">
        {lines.map((line, index) => (
          <Line key={line.id} line={line} day={lines[index - 1]?.time.slice(0, 10) !== line.time.slice(0, 10)} />
        ))}
      </ol>
      {error && <Failure error={error} again={() => load(before)} />}
      {!busy && !error && lines.length === 0 && <p class="empty">{t.empty}</p>}
      {busy && <Loading />}
      {!busy && !error && before !== null && <More onReached={() => load(before)} label={t.more} />}
      {!busy && !error && before === null && lines.length > 0 && <p class="empty">{t.end}</p>}
    </section>
  );
}

interface LineProps {
  readonly line: AuditLine;
  /** It is the first of its day. */
  readonly day: boolean;
}

function Line({ line, day }: LineProps) {
  const t = useText('audit');
  const words = useWords();
  const who = line.who === '' ? t.nobody : (t.others[line.who as keyof typeof t.others] ?? line.who);
  return (
    <li>
      {day && <h2 class="audit-day">{line.time.slice(0, 10)}</h2>}
      <details class={`audit-line ${line.chain}`}>
        <summary>
          <time>{line.time.slice(11)}</time>
          <span class="audit-what">
            <strong>{who}</strong> {words(line)}
            {line.chain === 'refused' && <span class="badge bad">{t.refused}</span>}
            {line.reason !== '' && <q>{line.reason}</q>}
          </span>
          <span class="soft audit-from">{line.address}</span>
        </summary>
        <dl class="pairs">
          <dt>{t.filter.action}</dt>
          <dd>
            <code>{line.action}</code>
          </dd>
          {Object.entries(line.detail).map(([name, value]) => (
            <Fragment key={name}>
              <dt>{name}</dt>
              <dd>{String(value)}</dd>
            </Fragment>
          ))}
          <dt>{t.filter.chain}</dt>
          <dd>{t.place(t.chains[line.chain], line.line)}</dd>
          <dt>{t.hash}</dt>
          <dd>
            <code class="hash">{line.hash}</code>
          </dd>
        </dl>
      </details>
    </li>
  );
}

/** Comes into sight: more is loaded. A button for who doesn't scroll. */
function More({ onReached, label }: { onReached(): void; readonly label: string }) {
  const button = useRef<HTMLButtonElement>(null);
  const reached = useRef(onReached);
  reached.current = onReached;
  useEffect(() => {
    if (!button.current) return;
    const watch = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) reached.current();
      },
      { rootMargin: '600px' },
    );
    watch.observe(button.current);
    return () => watch.disconnect();
  }, []);
  return (
    <p class="empty">
      <button ref={button} type="button" onClick={onReached}>
        {label}
      </button>
    </p>
  );
}
