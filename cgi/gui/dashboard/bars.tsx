/**
 * Bars of calls, answered below and the others, hatched, above. They are for the eye; the same figures stand in a table
 * behind a line, for all who can't see them or want them exactly.
 */
import { useId } from 'preact/hooks';
import { whole } from '../format.ts';
import { useText } from '../text.ts';
import { type Bar, ceiling } from './totals.ts';

interface BarsProps {
  readonly title: string;
  readonly bars: readonly Bar[];
  /** What a bar is of, in full: `Thu, 26 Nov`. */
  label(key: string): string;
  /** What stands below it; '' = nothing. */
  mark(key: string, index: number): string;
  /** The one that is chosen. */
  readonly chosen?: string;
  onChoose?(key: string): void;
}

export function Bars({ title, bars, label, mark, chosen, onChoose }: BarsProps) {
  const t = useText('dashboard').bars;
  const hatch = useId();
  const top = ceiling(Math.max(1, ...bars.map(({ answered, missed }) => answered + missed)));
  const calls = bars.reduce((sum, { answered, missed }) => sum + answered + missed, 0);
  const width = 100 / bars.length;
  const high = (count: number) => `${(count / top) * 100}%`;
  return (
    <figure class="bars">
      <div class="bars-plot">
        <div class="bars-scale" aria-hidden="true">
          <span>{whole(top)}</span>
          <span>{whole(top / 2)}</span>
          <span>0</span>
        </div>
        <svg role="img" aria-label={t.summary(title, whole(calls))} class={onChoose ? 'choosable' : ''}>
          <defs>
            <pattern id={hatch} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
              <rect width="6" height="6" class="bars-hatch-back" />
              <rect width="3" height="6" class="bars-hatch" />
            </pattern>
          </defs>
          <line x1="0" x2="100%" y1="50%" y2="50%" class="bars-line" />
          <line x1="0" x2="100%" y1="100%" y2="100%" class="bars-line" />
          {bars.map(({ key, answered, missed }, index) => {
            const x = `${index * width + width * 0.12}%`;
            const wide = `${width * 0.76}%`;
            const all = answered + missed;
            return (
              // biome-ignore lint/a11y/noStaticElementInteractions: a way for the pointer; by keyboard the table below has a button for each.
              <g key={key} onClick={() => onChoose?.(key)}>
                <title>{t.bar(label(key), whole(answered), whole(missed))}</title>
                <rect
                  x={`${index * width}%`}
                  width={`${width}%`}
                  y="0"
                  height="100%"
                  class={key === chosen ? 'bars-column chosen' : 'bars-column'}
                />
                <rect x={x} width={wide} y={high(top - answered)} height={high(answered)} class="bars-answered" />
                <rect x={x} width={wide} y={high(top - all)} height={high(missed)} fill={`url(#${hatch})`} />
              </g>
            );
          })}
        </svg>
        <div class="bars-marks" aria-hidden="true">
          {bars.map(({ key }, index) => (
            <span key={key}>{mark(key, index)}</span>
          ))}
        </div>
      </div>
      <figcaption class="bars-legend">
        <span class="bars-key answered">{t.answered}</span>
        <span class="bars-key missed">{t.missed}</span>
      </figcaption>
      <details>
        <summary>{t.table}</summary>
        <div class="scroll-x">
          <table>
            <caption class="visually-hidden">{title}</caption>
            <thead>
              <tr>
                <th scope="col">{t.when}</th>
                <th scope="col" class="number">
                  {t.answered}
                </th>
                <th scope="col" class="number">
                  {t.missed}
                </th>
                <th scope="col" class="number">
                  {t.calls}
                </th>
              </tr>
            </thead>
            <tbody>
              {bars.map(({ key, answered, missed }) => (
                <tr key={key} aria-current={key === chosen ? 'date' : undefined}>
                  <th scope="row">
                    {onChoose ? (
                      <button type="button" class="plain" onClick={() => onChoose(key)}>
                        {label(key)}
                      </button>
                    ) : (
                      label(key)
                    )}
                  </th>
                  <td class="number">{whole(answered)}</td>
                  <td class="number">{whole(missed)}</td>
                  <td class="number">{whole(answered + missed)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  );
}
