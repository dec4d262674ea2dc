/** How many findings there are of each kind and code, what the kind means, and what to do about it. */
import type { TruthCount, TruthCounts, TruthKind } from '../../contract.ts';
import { whole } from '../format.ts';
import { Failure } from '../parts/failure.tsx';
import { Link, useQuery } from '../router.tsx';
import { useText } from '../text.ts';
import { useAsk } from '../use-ask.ts';
import { useDates } from './times.ts';

const TRUTH = 30029;
/** Of these none is the good news; of the others they are only told. */
const BAD: ReadonlySet<TruthKind> = new Set(['missing', 'nocall', 'broken']);

interface CountsProps {
  readonly kinds: readonly TruthKind[];
  addressOf(kind: TruthKind, code?: string): string;
}

export function Counts({ kinds, addressOf }: CountsProps) {
  const t = useText('truth');
  const [query] = useQuery();
  const { answer, error, busy, again } = useAsk<TruthCounts>(TRUTH, { ...useDates(query) });
  if (error) return <Failure error={error} again={again} />;
  return (
    <div aria-busy={busy}>
      <p class="visually-hidden" role="status">
        {busy ? t.counting : ''}
      </p>
      {!answer && <p class="loading">{t.counting}</p>}
      {answer && (
        <div class="truth-kinds">
          {kinds.map((kind) => (
            <Kind
              key={kind}
              kind={kind}
              counts={answer.json_array_truth.filter((each) => each.kind === kind)}
              addressOf={addressOf}
            />
          ))}
        </div>
      )}
    </div>
  );
}

interface KindProps {
  readonly kind: TruthKind;
  readonly counts: readonly TruthCount[];
  addressOf: CountsProps['addressOf'];
}

function Kind({ kind, counts, addressOf }: KindProps) {
  const t = useText('truth');
  const { title, meaning, act } = t.kinds[kind];
  const sum = counts.reduce((total, { count }) => total + count, 0);
  const some = counts.filter(({ count }) => count > 0);
  return (
    <section class="card" aria-labelledby={`truth-${kind}`}>
      <div class="page-head">
        <h2 id={`truth-${kind}`}>{title}</h2>
        <span class={`badge ${BAD.has(kind) ? (sum > 0 ? 'bad' : 'good') : ''}`}>{whole(sum)}</span>
      </div>
      <p>{meaning}</p>
      {sum === 0 ? (
        <p class="soft">{t.fine}</p>
      ) : (
        <>
          <ul class="truth-codes">
            {some.map(({ code, count }) => (
              <li key={code}>
                <Link to={addressOf(kind, code)}>
                  <span class="number">{whole(count)}</span> {wordOf(t.codes, code)}
                </Link>
              </li>
            ))}
          </ul>
          <p class="soft">{act}</p>
          <Link to={addressOf(kind)} class="button">
            <span aria-hidden="true">{t.show}</span>
            <span class="visually-hidden">{t.showOf(title)}</span>
          </Link>
        </>
      )}
    </section>
  );
}

/** A code that this page doesn't know is shown as it is. */
export function wordOf(words: Readonly<Record<string, string>>, code: string): string {
  return words[code] ?? code;
}
