/** The box itself: Asterisk, the medium and how long it lasts, the store, the backup, and what the log complained of last. */
import type { ComponentChildren } from 'preact';
import { type Complaints, DAYS_LEFT_MAX, type Overview } from '../../contract.ts';
import { bytes, fromNow, percent, whole } from '../format.ts';
import { useText } from '../text.ts';
import { useAsk } from '../use-ask.ts';
import { type Health, useHealth } from './health.ts';
import { useRefresh } from './refresh.ts';
import { Tile } from './tile.tsx';

const COMPLAINTS = 30044;
const OVERVIEW = 30051;
const HEALTH_SECONDS = 10;
const REFRESH_SECONDS = 60;
/** Complaints shown before somebody wants them all. */
const FEW = 3;

export function Box() {
  const health = useHealth();
  useRefresh(HEALTH_SECONDS, health.again);
  const overview = useAsk<Overview>(OVERVIEW, {});
  useRefresh(REFRESH_SECONDS, overview.again);
  return (
    <>
      <Asterisk health={health} />
      <Medium overview={overview} />
      <Store health={health} overview={overview} />
      <Log />
    </>
  );
}

interface BadgeProps {
  readonly level: 'good' | 'warn' | 'bad';
  readonly children: ComponentChildren;
}

const Badge = ({ level, children }: BadgeProps) => <span class={`badge ${level}`}>{children}</span>;

/** What the box says of a part that isn't well: its own words, in English. */
const Why = ({ why }: { readonly why?: string | null | undefined }) =>
  why ? (
    <p class="tile-why" lang="en">
      {why}
    </p>
  ) : null;

function Row({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

const secondsSince = (iso: string) => (Date.parse(iso) - Date.now()) / 1000;

type Healthy = ReturnType<typeof useHealth>;

function Asterisk({ health: { answer, error, again } }: { readonly health: Healthy }) {
  const t = useText('dashboard').asterisk;
  const parts = answer ? partsOf(answer) : [];
  return (
    <Tile title={t.title} to="/ami-settings" more={t.more} waiting={!answer} error={error} again={again}>
      {answer && (
        <>
          <p>
            <Badge level={answer.asterisk.state === 'up' ? 'good' : 'bad'}>
              {t.states[answer.asterisk.state as keyof typeof t.states] ?? answer.asterisk.state}
            </Badge>{' '}
            {answer.asterisk.version}
          </p>
          <Why why={answer.asterisk.why} />
          <dl class="rows">
            {answer.asterisk.state === 'up' && <Row name={t.since}>{fromNow(secondsSince(answer.asterisk.since))}</Row>}
            {parts.map(({ name, state, why, isWell }) => (
              <Row key={name} name={t.parts[name]}>
                <Badge level={isWell ? 'good' : 'warn'}>{t.states[state as keyof typeof t.states] ?? state}</Badge>
                <Why why={why} />
              </Row>
            ))}
          </dl>
        </>
      )}
    </Tile>
  );
}

const partsOf = ({ ami, cdr_csv, https }: Health) =>
  (
    [
      ['ami', ami],
      ['cdr_csv', cdr_csv],
      ['https', https],
    ] as const
  ).map(([name, { state, why }]) => ({
    name,
    state,
    why,
    isWell: state === 'ok' || state === 'off',
  }));

type Glance = ReturnType<typeof useAsk<Overview>>;

function Medium({ overview: { answer, error, again } }: { readonly overview: Glance }) {
  const t = useText('dashboard').medium;
  const medium = answer?.medium;
  const isWell = medium?.state === 'mounted' && medium.writable;
  return (
    <Tile title={t.title} to="/retention" more={t.more} waiting={!answer} error={error} again={again}>
      {medium && (
        <>
          <p>
            <Badge level={isWell ? 'good' : 'bad'}>
              {medium.state === 'mounted' && !medium.writable ? t.readOnly : t.states[medium.state]}
            </Badge>
          </p>
          <Why why={medium.why} />
          {medium.free !== null && medium.total !== null && (
            <>
              <meter
                class="room"
                min={0}
                max={medium.total}
                high={medium.total * 0.9}
                value={medium.total - medium.free}
                aria-label={t.used}
              />
              <p>{t.free(bytes(medium.free), bytes(medium.total), percent(1 - medium.free / medium.total))}</p>
            </>
          )}
          <dl class="rows">
            <Row name={t.left}>
              {medium.days_left === null
                ? t.unknown
                : medium.days_left < DAYS_LEFT_MAX
                  ? t.days(medium.days_left)
                  : t.forYears}
            </Row>
            {medium.recorded && (
              <Row name={t.rate}>{t.perDay(bytes(medium.recorded.bytes / medium.recorded.days))}</Row>
            )}
          </dl>
        </>
      )}
    </Tile>
  );
}

function Store({ health, overview }: { readonly health: Healthy; readonly overview: Glance }) {
  const t = useText('dashboard').store;
  const { answer } = overview;
  const backup = health.answer?.backup;
  const store = health.answer?.store;
  return (
    <Tile
      title={t.title}
      to="/retention"
      more={t.more}
      waiting={!answer && !health.answer}
      error={overview.error ?? health.error}
      again={() => {
        overview.again();
        health.again();
      }}
    >
      {store && (
        <p>
          <Badge level={store.state === 'ok' ? 'good' : 'bad'}>
            {t.states[store.state as keyof typeof t.states] ?? store.state}
          </Badge>
        </p>
      )}
      <Why why={store?.state === 'ok' ? null : store?.why} />
      <dl class="rows">
        {answer?.store.bytes != null && <Row name={t.size}>{bytes(answer.store.bytes)}</Row>}
        {answer?.store.free != null && <Row name={t.free}>{bytes(answer.store.free)}</Row>}
        {backup && (
          <Row name={t.backup}>
            <Badge
              level={
                backup.state === 'failed'
                  ? 'bad'
                  : backup.state === 'ok' || backup.state === 'running'
                    ? 'good'
                    : 'warn'
              }
            >
              {t.backups[backup.state as keyof typeof t.backups] ?? backup.state}
            </Badge>{' '}
            {backup.age_seconds !== null && fromNow(-backup.age_seconds)}
            <Why why={backup.why} />
          </Row>
        )}
        {answer && (
          <Row name={t.up}>
            {t.upFor(
              Math.floor(answer.uptime / 86_400),
              Math.floor(answer.uptime / 3600) % 24,
              Math.floor(answer.uptime / 60) % 60,
            )}
          </Row>
        )}
        {answer && <Row name={t.version}>{answer.version}</Row>}
      </dl>
    </Tile>
  );
}

function Log() {
  const t = useText('dashboard').log;
  const { answer, error, again } = useAsk<Complaints>(COMPLAINTS, {});
  useRefresh(REFRESH_SECONDS, again);
  const rows = answer?.json_array_log ?? [];
  return (
    <Tile title={t.title} to="/truth" more={t.more} waiting={!answer} error={error} again={again} class="wide">
      {rows.length === 0 && <p class="soft">{t.none}</p>}
      <Entries rows={rows.slice(0, FEW)} />
      {rows.length > FEW && (
        <details>
          <summary>{t.all(whole(rows.length - FEW))}</summary>
          <Entries rows={rows.slice(FEW)} />
        </details>
      )}
    </Tile>
  );
}

function Entries({ rows }: { readonly rows: Complaints['json_array_log'] }) {
  const t = useText('dashboard').log;
  if (rows.length === 0) return null;
  return (
    <ul class="log">
      {rows.map(({ time, level, part, text, times }) => (
        <li key={`${level} ${part} ${text}`}>
          <Badge level={level === 'error' ? 'bad' : 'warn'}>{t.levels[level]}</Badge>{' '}
          <span class="soft">
            {time}
            {times > 1 && ` · ${t.times(times)}`}
            {part !== '' && ` · ${part}`}
          </span>
          <p lang="en">{text}</p>
        </li>
      ))}
    </ul>
  );
}
