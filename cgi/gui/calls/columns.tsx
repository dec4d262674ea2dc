/* biome-ignore-all lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: cells of a grid that has the focus itself. */
/** The columns of the report: the guide's (figure 2) and the recording. Which are seen follows the room (calls.css). */
import type { ComponentChildren } from 'preact';
import type { CallRow } from '../../contract.ts';
import { duration } from '../format.ts';
import { useText } from '../text.ts';
import type { Order } from './use-calls.ts';

export type ColumnName =
  | 'calldate'
  | 'src'
  | 'dst'
  | 'cidname'
  | 'in_route'
  | 'IVR'
  | 'channel'
  | 'accountcode'
  | 'dstchannel'
  | 'userfield'
  | 'disposition'
  | 'duration'
  | 'billsec'
  | 'recording';

interface Column {
  readonly name: ColumnName;
  /** By what 9006 sorts it; null: it doesn't. */
  readonly sort: string | null;
  /** The direction that is meant by the first press. */
  readonly first: 'asc' | 'desc';
  readonly figure?: boolean;
}

const text = (name: ColumnName): Column => ({ name, sort: name, first: 'asc' });
const figure = (name: ColumnName): Column => ({ name, sort: name, first: 'desc', figure: true });

export const COLUMNS: readonly Column[] = [
  { name: 'calldate', sort: 'calldate', first: 'desc' },
  text('src'),
  text('dst'),
  text('cidname'),
  { ...text('in_route'), sort: 'cidname' },
  text('IVR'),
  text('channel'),
  text('accountcode'),
  text('dstchannel'),
  text('userfield'),
  text('disposition'),
  figure('duration'),
  figure('billsec'),
  { name: 'recording', sort: null, first: 'asc' },
];

interface HeadProps {
  readonly order: Order;
  onOrder(order: Order): void;
}

/** The names of the columns, by which the list is put in order. */
export function Head({ order: { sort, order }, onOrder }: HeadProps) {
  const t = useText('calls');
  return (
    <>
      {COLUMNS.map((column) => {
        const isOrder = column.sort === sort && column.name !== 'in_route';
        const other = order === 'asc' ? 'desc' : 'asc';
        const by = column.sort;
        const name = t.columns[column.name];
        return (
          <div
            key={column.name}
            role="columnheader"
            class={`c-${column.name}${column.figure ? ' number' : ''}`}
            aria-sort={isOrder ? (order === 'asc' ? 'ascending' : 'descending') : undefined}
          >
            {by === null ? (
              <span class="visually-hidden">{name}</span>
            ) : (
              <button
                type="button"
                title={name}
                onClick={() => onOrder({ sort: by, order: isOrder ? other : column.first })}
              >
                {name}
                <span aria-hidden="true">{isOrder ? (order === 'asc' ? ' ▲' : ' ▼') : ''}</span>
              </button>
            )}
          </div>
        );
      })}
    </>
  );
}

const LEVEL = { ANSWERED: 'good', 'NO ANSWER': 'warn', BUSY: 'warn', FAILED: 'bad' } as const;

export function Status({ of }: { readonly of: CallRow['disposition'] }) {
  const t = useText('calls');
  return <span class={`badge ${LEVEL[of] ?? ''}`}>{t.status[of] ?? of}</span>;
}

/** The cells of a call. */
export function Cells({ row }: { readonly row: CallRow }) {
  const t = useText('calls');
  const cells: Readonly<Record<ColumnName, ComponentChildren>> = {
    calldate: <time>{row.calldate}</time>,
    src:
      row.contact && row.userfield !== 'Outbound' ? (
        <>
          <span class="has-name">{row.src}</span> <span class="soft">{row.contact}</span>
        </>
      ) : (
        row.src
      ),
    dst: (
      <>
        {row.dst} {row.contact && row.userfield === 'Outbound' && <span class="soft">{row.contact}</span>}
      </>
    ),
    cidname: row.cidname,
    in_route: row.in_route,
    IVR: row.IVR,
    channel: row.channel,
    accountcode: row.accountcode,
    dstchannel: row.dstchannel,
    userfield: t.directions[row.userfield] ?? row.userfield,
    disposition: <Status of={row.disposition} />,
    duration: duration(Number(row.duration)),
    billsec: duration(Number(row.billsec)),
    recording: row['Recording filename'] ? (
      <span role="img" aria-label={t.recorded} title={t.recorded}>
        <span aria-hidden="true">▶</span>
      </span>
    ) : null,
  };
  return (
    <>
      {COLUMNS.map(({ name, figure }) => (
        <div key={name} role="gridcell" class={`c-${name}${figure ? ' number' : ''}`}>
          {cells[name]}
        </div>
      ))}
    </>
  );
}
