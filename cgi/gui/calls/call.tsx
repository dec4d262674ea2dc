/** One call with all that hangs on it: what happened, its recording, other calls of its parties, and where it all comes from. */
import { useEffect } from 'preact/hooks';
import type { CallList, CallRow, CallShown } from '../../contract.ts';
import { duration } from '../format.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Failure } from '../parts/failure.tsx';
import { Loading } from '../parts/loading.tsx';
import { Player } from '../parts/player.tsx';
import { Link } from '../router.tsx';
import { useText } from '../text.ts';
import { useAsk } from '../use-ask.ts';
import { Status } from './columns.tsx';
import { BEGINNING } from './filter.ts';
import { clock, Timeline } from './timeline.tsx';

const SHOW = 30053;
const LIST = 9006;
/** Other calls of a number that are shown. */
const OTHERS = 8;

interface CallProps {
  readonly id: string;
  onClose(): void;
}

export function Call({ id, onClose }: CallProps) {
  const t = useText('calls').call;
  const { answer, error, busy, again } = useAsk<CallShown>(SHOW, { id });
  const shown = answer?.json_obj_call.id === id ? answer : null;
  const row = shown?.json_obj_call;
  useEffect(() => {
    // The call that was opened from another one begins at its top.
    if (row) document.querySelector('dialog')?.scrollTo(0, 0);
  }, [row]);
  return (
    <Dialog title={row ? t.title(row.src, row.dst) : t.loading} wide onClose={onClose}>
      {!shown && busy && <Loading />}
      {error &&
        !busy &&
        (error.code === 'not_found' ? <p role="alert">{t.gone}</p> : <Failure error={error} again={again} />)}
      {shown && (
        <div class="call-shown">
          <Facts row={shown.json_obj_call} />
          <Recording call={shown} />
          <Timeline call={shown} />
          <Rows call={shown} />
          <Others row={shown.json_obj_call} />
          <Trace call={shown} />
        </div>
      )}
    </Dialog>
  );
}

function Facts({ row }: { readonly row: CallRow }) {
  const t = useText('calls');
  const facts: readonly (readonly [name: string, value: string])[] = [
    [t.columns.calldate, row.calldate],
    [t.columns.userfield, t.directions[row.userfield] ?? row.userfield],
    [t.columns.duration, duration(Number(row.duration))],
    [t.columns.billsec, duration(Number(row.billsec))],
    [t.call.contact, row.contact],
    [t.call.group, row.groupname],
    [t.columns.channel, row.channel],
    [t.columns.dstchannel, row.dstchannel],
    [t.call.port, row.port > 0 ? String(row.port) : ''],
    [t.columns.cidname, row.cidname],
    [t.columns.in_route, row.in_route],
    [t.columns.IVR, row.IVR],
    [t.columns.accountcode, row.accountcode],
    [t.call.id, row.UniqueID],
  ];
  return (
    <section aria-label={t.call.facts}>
      <p>
        <Status of={row.disposition} />
      </p>
      <dl class="facts">
        {facts.map(([name, value]) =>
          value === '' ? null : (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
        )}
      </dl>
    </section>
  );
}

function Recording({ call }: { readonly call: CallShown }) {
  const t = useText('calls').call;
  const { json_obj_call: row, json_obj_recording: file } = call;
  const path = row['Recording filename'];
  return (
    <section>
      <h3>
        {t.recording} {file?.keep && <span class="badge">{t.kept}</span>}
      </h3>
      {path === '' ? (
        <p class="soft">{t.notRecorded}</p>
      ) : file?.present ? (
        <Player path={path} label={`${t.title(row.src, row.dst)}, ${row.calldate}`} />
      ) : (
        <p class="notice">
          {t.missing} <code>{path}</code>
        </p>
      )}
    </section>
  );
}

/** The other rows that the same records make: after a transfer, or of a conference. */
function Rows({ call }: { readonly call: CallShown }) {
  const t = useText('calls').call;
  const rows = call.json_array_calls.filter(({ id, deleted }) => id !== null && !deleted);
  if (rows.length < 2) return null;
  return (
    <section>
      <h3>{t.rows}</h3>
      <ul class="plain-list">
        {rows.map(({ id, src, dst }) => (
          <li key={id}>
            {String(id) === call.json_obj_call.id ? (
              <>
                {t.title(src, dst)} <span class="soft">({t.thisRow})</span>
              </>
            ) : (
              <CallLink id={String(id)}>{t.title(src, dst)}</CallLink>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Opens another call, with the filter behind it as it is. */
function CallLink({ id, children }: { readonly id: string; readonly children: string }) {
  const query = new URLSearchParams(location.search);
  query.set('call', id);
  return <Link to={`/calls?${query}`}>{children}</Link>;
}

function Others({ row }: { readonly row: CallRow }) {
  const t = useText('calls').call;
  // Of `620(102)` who answered, of what stands in both once.
  const numbers = [row.src, /\((.+)\)$/.exec(row.dst)?.[1] ?? row.dst].filter(
    (number, index, all) => /^\+?[0-9*#]+$/.test(number) && all.indexOf(number) === index,
  );
  if (numbers.length === 0) return null;
  return (
    <section>
      <h3>{t.others}</h3>
      <div class="others">
        {numbers.map((number) => (
          <OthersOf key={number} number={number} but={row.id} />
        ))}
      </div>
    </section>
  );
}

function OthersOf({ number, but }: { readonly number: string; readonly but: string }) {
  const t = useText('calls').call;
  const { answer, error, again } = useAsk<CallList>(LIST, {
    number,
    startdate: BEGINNING,
    limit: OTHERS + 1,
    nototal: true,
  });
  const rows = answer?.json_array_astcdrs.filter(({ id }) => id !== but).slice(0, OTHERS);
  const all = `/calls?${new URLSearchParams({ number, startdate: BEGINNING })}`;
  return (
    <section>
      <h4>{t.othersOf(number)}</h4>
      {error && <Failure error={error} again={again} />}
      {!rows && !error && <Loading />}
      {rows?.length === 0 && <p class="soft">{t.noOthers}</p>}
      <ul class="plain-list">
        {rows?.map((row) => (
          <li key={row.id}>
            <CallLink id={row.id}>{`${row.calldate}  ${t.title(row.src, row.dst)}`}</CallLink>{' '}
            <Status of={row.disposition} />
          </li>
        ))}
      </ul>
      <p>
        <Link to={all}>{t.allOf(number)}</Link>
      </p>
    </section>
  );
}

function Trace({ call }: { readonly call: CallShown }) {
  const t = useText('calls').call;
  const { json_array_legs: legs, json_array_calls: rows, offset } = call;
  const own = rows.find(({ id }) => String(id) === call.json_obj_call.id);
  return (
    <details>
      <summary>{t.trace}</summary>
      <p>
        {own && t.rules[own.rule]} {own && own.tie !== '' && t.ties[own.tie]}
      </p>
      <ol class="plain-list records">
        {legs.map((leg) => (
          <li key={leg.id}>
            <strong class="mono">
              {leg.uniqueId}
              {leg.sequence !== null && `/${leg.sequence}`}
            </strong>{' '}
            {own?.legs.includes(leg.id) && <span class="badge">{t.thisRow}</span>}
            <br />
            <span class="mono">{t.leg(leg.channel, leg.destinationChannel || '–')}</span> {leg.application}{' '}
            {leg.disposition}
            {leg.amiAt !== null && <div>{t.ami(clock(leg.amiAt + offset))}</div>}
            {leg.csv && <div>{t.csvLine(leg.csv.path, leg.csv.line)}</div>}
            {leg.amiAt === null && !leg.csv && <div>{t.unknownSource}</div>}
          </li>
        ))}
      </ol>
    </details>
  );
}
