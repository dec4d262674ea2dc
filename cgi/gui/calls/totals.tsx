/** How many calls the filter finds, and their sums: asked when the rows are there and counted, and given up with the filter. */
import type { CallFigures } from '../../contract.ts';
import type { Parameters } from '../api.ts';
import { duration, percent, whole } from '../format.ts';
import { Failure } from '../parts/failure.tsx';
import { useText } from '../text.ts';
import { useAsk } from '../use-ask.ts';

interface TotalsProps {
  readonly filter: Parameters;
  readonly total: number | null;
  readonly counted: boolean;
  /** Raised when the same is to be asked anew. */
  readonly turn: number;
}

const TOTALS = 30002;

export function Totals({ filter, total, counted, turn }: TotalsProps) {
  const t = useText('calls').totals;
  const wanted = counted && total !== null && total > 0;
  const { answer, error, busy, again } = useAsk<{ readonly json_obj_totals: CallFigures }>(
    TOTALS,
    wanted ? { ...filter, random: turn } : null,
  );
  const sums = wanted && !busy && answer ? answer.json_obj_totals : null;
  const figures: readonly (readonly [name: string, value: string | null, about?: string])[] = [
    [t.answered, sums && whole(sums.answered)],
    [t.minutes, sums && whole(sums.minutes), t.minutesAbout],
    [t.asr, sums && (sums.asr === null ? '–' : percent(sums.asr / 100)), t.asrAbout],
    [t.acd, sums && (sums.acd === null ? '–' : duration(sums.acd)), t.acdAbout],
  ];
  return (
    <section class="calls-totals" aria-label={t.title}>
      <p class="calls-count" aria-live="polite">
        {total === null ? '…' : !counted ? t.counting(whole(total)) : total === 1 ? t.oneCall : t.calls(whole(total))}
      </p>
      {total !== 0 && (
        <dl>
          {figures.map(([name, value, about]) => (
            <div key={name}>
              <dt title={about}>{name}</dt>
              <dd>{value ?? '…'}</dd>
            </div>
          ))}
        </dl>
      )}
      {error && <Failure error={error} again={again} />}
    </section>
  );
}
