/**
 * Calls of a day by hour, of a month by day, and by trunk. A month of a busy box is nearly a hundred thousand calls: its days
 * before today are asked for once, and only today's figures again.
 */
import type { LiveRow } from '../../contract.ts';
import { dayText, percent, whole } from '../format.ts';
import { boxClock, useMe } from '../me.ts';
import { Link, useQuery } from '../router.tsx';
import { language, useText } from '../text.ts';
import { useAsk } from '../use-ask.ts';
import { Bars } from './bars.tsx';
import { useRefresh } from './refresh.ts';
import { Tile } from './tile.tsx';
import { dayAfter, dayBars, hourBars, type Sums, type Totals } from './totals.ts';

const TOTALS = 30002;
const LIVE = 30019;
const DAYS = 30;
const REFRESH_SECONDS = 60;
const LIVE_SECONDS = 15;

const dates = (from: string, to: string) => ({ startdate: `${from} 00:00`, enddate: `${to} 23:59` });

const NAMED: Readonly<Record<'long' | 'short', Intl.DateTimeFormat>> = {
  long: new Intl.DateTimeFormat(language, { weekday: 'short', day: 'numeric', month: 'short', timeZone: 'UTC' }),
  short: new Intl.DateTimeFormat(language, { day: 'numeric', month: 'numeric', timeZone: 'UTC' }),
};
const dayName = (day: string, length: 'long' | 'short') => NAMED[length].format(Date.parse(`${day}T00:00:00Z`));
const hourName = (hour: string) => `${hour.padStart(2, '0')}:00`;

export function Traffic() {
  const { me, drift } = useMe();
  const [query, change] = useQuery();
  const today = dayText(boxClock(drift, me.zone));
  const asked = query.get('day') ?? '';
  const day = /^\d{4}-\d\d-\d\d$/.test(asked) && asked < today ? asked : today;
  const now = useAsk<Totals>(TOTALS, { ...dates(today, today), by: 'hour,trunk' });
  const other = useAsk<Totals>(TOTALS, day === today ? null : { ...dates(day, day), by: 'hour,trunk' });
  const past = useAsk<Totals>(TOTALS, { ...dates(dayAfter(today, 1 - DAYS), dayAfter(today, -1)), by: 'day' });
  useRefresh(REFRESH_SECONDS, now.again);
  // Of another day that fails nothing is known: what stays of it is the day that was looked at before.
  const shown = day === today ? now : { ...other, answer: other.error ? null : other.answer };
  const choose = (chosen: string) => change({ day: chosen === today ? null : chosen });
  return (
    <>
      <Day day={day} today={today} asked={shown} onChoose={choose} />
      <Month today={today} day={day} now={now} past={past} onChoose={choose} />
      <Trunks day={day} today={today} asked={shown} />
    </>
  );
}

type Asked = ReturnType<typeof useAsk<Totals>>;

interface DayProps {
  readonly day: string;
  readonly today: string;
  readonly asked: Asked;
  onChoose(day: string): void;
}

function Day({ day, today, asked, onChoose }: DayProps) {
  const t = useText('dashboard').day;
  const { answer } = asked;
  const title = day === today ? t.today : dayName(day, 'long');
  return (
    <Tile
      title={title}
      to={day === today ? '/calls' : `/calls?startdate=${day} 00:00&enddate=${day} 23:59`}
      more={t.more}
      waiting={!answer}
      error={asked.error}
      again={asked.again}
      class="tall"
    >
      <div class="tile-days">
        <button type="button" class="icon" aria-label={t.before} onClick={() => onChoose(dayAfter(day, -1))}>
          ‹
        </button>
        <input
          type="date"
          aria-label={t.choose}
          value={day}
          max={today}
          onChange={(event) => event.currentTarget.value && onChoose(event.currentTarget.value)}
        />
        <button
          type="button"
          class="icon"
          aria-label={t.after}
          disabled={day === today}
          onClick={() => onChoose(dayAfter(day, 1))}
        >
          ›
        </button>
      </div>
      {answer && <Figures sums={answer.json_obj_totals} />}
      {answer && (
        <Bars
          title={t.hours(title)}
          bars={hourBars(answer)}
          label={hourName}
          mark={(hour) => (Number(hour) % 6 === 0 ? hourName(hour).slice(0, 2) : '')}
        />
      )}
    </Tile>
  );
}

function Figures({ sums }: { readonly sums: Sums }) {
  const t = useText('dashboard').day;
  const figures = [
    [t.calls, whole(sums.count)],
    [t.answered, whole(sums.answered)],
    [t.missed, whole(sums.count - sums.answered)],
    [t.rate, sums.asr === null ? '–' : percent(sums.asr / 100)],
    [t.minutes, whole(sums.minutes)],
  ];
  return (
    <dl class="figures">
      {figures.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

interface MonthProps {
  readonly today: string;
  readonly day: string;
  readonly now: Asked;
  readonly past: Asked;
  onChoose(day: string): void;
}

function Month({ today, day, now, past, onChoose }: MonthProps) {
  const t = useText('dashboard').month;
  return (
    <Tile
      title={t.title}
      to="/calls?period=30days"
      more={t.more}
      waiting={!now.answer || !past.answer}
      error={past.error}
      again={past.again}
    >
      {now.answer && past.answer && (
        <Bars
          title={t.title}
          bars={dayBars(past.answer, now.answer, today, DAYS)}
          label={(key) => dayName(key, 'long')}
          mark={(key, index) => (index % 7 === DAYS % 7 ? dayName(key, 'short') : '')}
          chosen={day}
          onChoose={onChoose}
        />
      )}
    </Tile>
  );
}

/** By which lines calls went, and how many are on each at this moment. */
function Trunks({ day, today, asked }: Pick<DayProps, 'day' | 'today' | 'asked'>) {
  const t = useText('dashboard').trunks;
  const live = useAsk<{ readonly json_array_live: readonly LiveRow[] }>(LIVE, {});
  useRefresh(LIVE_SECONDS, live.again);
  const calls = (live.error ? null : live.answer?.json_array_live) ?? [];
  const busy = new Map<string, number>();
  for (const { channel, dstchannel } of calls)
    for (const trunk of new Set([channel, dstchannel])) if (trunk !== '') busy.set(trunk, (busy.get(trunk) ?? 0) + 1);
  const sums = asked.answer?.json_array_trunk ?? [];
  const names = [...new Set([...sums.map(({ trunk }) => trunk), ...busy.keys()])];
  const isAway = live.error?.code === 'conflict';
  const isKnown = live.answer !== null && live.error === null;
  return (
    <Tile
      title={t.title}
      to="/live-calls"
      more={t.more}
      waiting={!asked.answer}
      error={asked.error}
      again={asked.again}
    >
      <p>{isAway ? t.away : live.error ? t.unknown : live.answer && t.live(calls.length)}</p>
      {!asked.answer ? null : names.length === 0 ? (
        <p class="soft">{day === today ? t.none : t.noneThen}</p>
      ) : (
        <table class="trunks">
          <thead>
            <tr>
              <th scope="col">{t.trunk}</th>
              <th scope="col" class="number">
                {t.now}
              </th>
              <th scope="col" class="number">
                {t.calls}
              </th>
              <th scope="col" class="number">
                {t.rate}
              </th>
            </tr>
          </thead>
          <tbody>
            {names.map((name) => {
              const of = sums.find(({ trunk }) => trunk === name);
              return (
                <tr key={name}>
                  <th scope="row">
                    <Link
                      to={`/calls?trunk=${encodeURIComponent(name)}${day === today ? '' : `&startdate=${day} 00:00&enddate=${day} 23:59`}`}
                    >
                      {name}
                    </Link>
                  </th>
                  <td class="number">{isKnown ? whole(busy.get(name) ?? 0) : '–'}</td>
                  <td class="number">{whole(of?.count ?? 0)}</td>
                  <td class="number">{of?.asr == null ? '–' : percent(of.asr / 100)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
    </Tile>
  );
}
