/**
 * Listings in steps. A step looks at a bounded stretch of the index, matching rows or not, so that no filter, however
 * unlucky, holds the store for long; and gives its rows as one text, because row objects cost four times as much.
 */
import type { CallFilter, Count, CountRequest, Cursor, Page, PageRequest, RecordingFilter } from '../filter.ts';
import type { Bind, Database } from './database.ts';
import { type Where, whereCalls, whereRecordings } from './where.ts';

interface Source<Filter> {
  readonly table: string;
  /** The table that the key's index belongs to. */
  readonly base: string;
  /** Indexed column that the listing runs along. */
  readonly key: (filter: Filter) => string;
  readonly where: (filter: Filter) => Where;
  /** Bounds on the key, so that a step begins and ends inside them. */
  readonly keyBounds: (filter: Filter) => { readonly from?: number | undefined; readonly to?: number | undefined };
  /** A field's value. Names are checked against this list: nothing from above gets into SQL text. */
  readonly columns: Readonly<Record<string, string>>;
}

const text = (column: string) => `CAST(${column} AS TEXT)`;
const clock = (expression: string) => `strftime('%Y-%m-%d %H:%M:%S', ${expression}, 'unixepoch')`;

const calls: Source<CallFilter> = {
  table: 'call',
  base: 'call',
  key: (filter) => (filter.since === undefined ? 'start_at' : 'changed'),
  where: whereCalls,
  keyBounds: (filter) => (filter.since === undefined ? filter.start : { from: filter.since + 1 }),
  columns: {
    id: text('id'),
    changed: text('changed'),
    start: clock('start_at + start_offset'),
    end: clock('end_at + end_offset'),
    src: 'src',
    dst: 'dst',
    srcTrunk: 'src_trunk',
    dstTrunk: 'dst_trunk',
    port: 'port',
    duration: text('duration'),
    billsec: text('billsec'),
    // The guide knows four outcomes; Asterisk's fifth is a failure to its users.
    disposition: "CASE disposition WHEN 'CONGESTION' THEN 'FAILED' ELSE disposition END",
    callType: 'calltype',
    accountCode: 'accountcode',
    cidName: 'cidname',
    ivr: 'ivr',
    uniqueId: 'uniqueid',
    recording: 'recording',
    contact: "''",
    group: "''",
  },
};

const recordings: Source<RecordingFilter> = {
  table:
    '(SELECT recording.*, coalesce((SELECT billsec FROM call WHERE call.id = recording.call_id), seconds) AS talked FROM recording)',
  base: 'recording',
  key: () => 'wall_at',
  where: whereRecordings,
  keyBounds: (filter) => filter.wall,
  columns: {
    time: clock('wall_at'),
    src: 'src',
    dst: 'dst',
    trunk: 'trunk',
    duration: text('talked'),
    callType: 'calltype',
    path: 'path',
  },
};

export const callPage = (database: Database, request: PageRequest<CallFilter>) => page(database, calls, request);
export const callCount = (database: Database, request: CountRequest<CallFilter>) => count(database, calls, request);
export const recordingPage = (database: Database, request: PageRequest<RecordingFilter>) =>
  page(database, recordings, request);
export const recordingCount = (database: Database, request: CountRequest<RecordingFilter>) =>
  count(database, recordings, request);

function page<Filter>(database: Database, source: Source<Filter>, request: PageRequest<Filter>): Page {
  const stretch = stretchOf(database, source, request.filter, request.order, request.after, request.scan);
  const key = source.key(request.filter);
  const from = `FROM ${source.table} WHERE ${stretch.conditions.join(' AND ')}`;
  const line = `json_object(${request.fields.map(([, column]) => `?, ${expressionOf(source, column)}`).join(', ')})`;
  const binds = [...request.fields.map(([name]) => name), ...stretch.binds];
  const direction = request.order === 'asc' ? 'ASC' : 'DESC';
  const sorted = `ORDER BY ${key} ${direction}, id ${direction}`;
  if (request.limit >= request.scan) {
    const all = database.first(`SELECT group_concat(${line}, ',' ${sorted}) AS text, count(*) AS rows ${from}`, binds);
    return { text: String(all?.['text'] ?? ''), rows: Number(all?.['rows']), next: stretch.end };
  }
  // One more than wanted: it tells whether the listing goes on inside this stretch.
  const rows = database.all(`SELECT ${line} AS line, ${key} AS key, id ${from} ${sorted} LIMIT ?`, [
    ...binds,
    request.limit + 1,
  ]);
  const wanted = rows.slice(0, request.limit);
  const last = wanted.at(-1);
  const cut = rows.length > request.limit && last !== undefined;
  return {
    text: wanted.map((row) => row['line']).join(','),
    rows: wanted.length,
    next: cut ? { key: Number(last['key']), id: Number(last['id']) } : stretch.end,
  };
}

function count<Filter>(database: Database, source: Source<Filter>, request: CountRequest<Filter>): Count {
  const stretch = stretchOf(database, source, request.filter, 'asc', request.after, request.scan);
  const row = database.first(
    `SELECT count(*) AS rows FROM ${source.table} WHERE ${stretch.conditions.join(' AND ')}`,
    stretch.binds,
  );
  return { rows: Number(row?.['rows']), next: stretch.end };
}

/** The next `scan` rows of the index after the cursor, as conditions, and the cursor at their end (null: none left). */
function stretchOf<Filter>(
  database: Database,
  source: Source<Filter>,
  filter: Filter,
  order: 'asc' | 'desc',
  after: Cursor | null,
  scan: number,
): Where & { readonly end: Cursor | null } {
  const key = source.key(filter);
  const { from, to } = source.keyBounds(filter);
  const [beyond, upTo, direction] = order === 'asc' ? ['>', '<=', 'ASC'] : ['<', '>=', 'DESC'];
  const range: string[] = [];
  const rangeBinds: Bind[] = [];
  const also = (condition: string, ...binds: Bind[]) => {
    range.push(condition);
    rangeBinds.push(...binds);
  };
  if (from !== undefined) also(`${key} >= ?`, from);
  if (to !== undefined) also(`${key} <= ?`, to);
  if (after) also(`(${key}, id) ${beyond} (?, ?)`, after.key, after.id);
  const within = range.length > 0 ? `WHERE ${range.join(' AND ')}` : '';
  const edge = database.first(
    `SELECT ${key} AS key, id FROM ${source.base} ${within} ORDER BY ${key} ${direction}, id ${direction} LIMIT 1 OFFSET ?`,
    [...rangeBinds, scan - 1],
  );
  const end = edge ? { key: Number(edge['key']), id: Number(edge['id']) } : null;
  const { conditions, binds } = source.where(filter);
  const all: Where = { conditions: [...range, ...conditions], binds: [...rangeBinds, ...binds] };
  if (end) {
    all.conditions.push(`(${key}, id) ${upTo} (?, ?)`);
    all.binds.push(end.key, end.id);
  }
  return { ...all, end };
}

/** The wire's name is bound, the column is one of ours. */
function expressionOf<Filter>(source: Source<Filter>, column: string): string {
  const expression = source.columns[column];
  if (expression === undefined) throw new Error(`no column ${column}`);
  return expression;
}
