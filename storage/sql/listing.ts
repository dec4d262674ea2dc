/**
 * Listings in steps. A step looks at a bounded stretch of the index, matching rows or not, so that no filter, however
 * unlucky, holds the store for long; and gives its rows as one text, because row objects cost four times as much.
 */
import type { Bounds, CallFilter, Count, CountRequest, Cursor, Page, PageRequest, RecordingFilter } from '../filter.ts';
import type { Bind, Database } from './database.ts';
import { lineOf } from './line.ts';
import { type Where, whereCalls, whereRecordings } from './where.ts';

interface Source<Filter> {
  /** What rows are taken from, along this index. It is named because the planner would take another at times. */
  readonly table: (index: string) => string;
  /** What the index belongs to. */
  readonly base: string;
  /** The column that the listing runs along, its index, and the bounds that the filter sets on it. */
  readonly key: (filter: Filter) => { readonly column: string; readonly index: string } & Bounds;
  /** What the index asks for to be used at all. */
  readonly indexed: readonly Condition[];
  /** What has gone and is told among the rows, in the order of the same column; its index. Absent: nothing. */
  readonly gone?: { readonly table: string };
  /** Everything else that the filter asks. */
  readonly where: (filter: Filter) => Where;
  /** A field's value. Names are checked against this list: nothing from above gets into SQL text. */
  readonly columns: Readonly<Record<string, string>>;
  /** Columns that hold only figures and words of our own: nothing in them wants quoting in any format. */
  readonly plain: ReadonlySet<string>;
}

const text = (column: string) => `CAST(${column} AS TEXT)`;
const clock = (expression: string) => `strftime('%Y-%m-%d %H:%M:%S', ${expression}, 'unixepoch')`;
/** As the guide's CSV writes it: `2021/3/24 1:12:45`. */
const unpadded = (expression: string) =>
  `replace(replace(strftime('%Y/%m/%d %H:%M:%S', ${expression}, 'unixepoch'), '/0', '/'), ' 0', ' ')`;

/**
 * The phone book's word on the other party: the caller, or who was called by one of us. A join, because it looks once for
 * name and group; where neither is asked for, SQLite leaves it out.
 */
const CONTACT = "LEFT JOIN contact ON contact.number = CASE calltype WHEN 'Outbound' THEN dst ELSE src END";

const calls: Source<CallFilter> = {
  table: (index) => `call INDEXED BY ${index} ${CONTACT}`,
  base: 'call',
  key: ({ start }) => ({ column: 'start_at', index: 'call_start', ...start }),
  indexed: [['trash IS NULL']],
  where: whereCalls,
  columns: {
    id: text('id'),
    changed: text('changed'),
    start: clock('start_at + start_offset'),
    end: clock('end_at + end_offset'),
    endUnpadded: unpadded('end_at + end_offset'),
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
    contact: "coalesce(contact.name, '')",
    group: "coalesce(contact.groupname, '')",
  },
  plain: new Set(['id', 'changed', 'start', 'end', 'endUnpadded', 'port', 'duration', 'billsec']),
};

/**
 * What changed, with what has gone among it: `removed` and no more, whatever the filter, because what has gone for good
 * can't be held against one; who never had it passes over it. Calls in the trash count as looked at, so that a step
 * stays bounded among any number of them.
 */
const changes: Source<CallFilter> = {
  ...calls,
  key: ({ since = 0 }) => ({ column: 'changed', index: 'call_changed', from: since + 1 }),
  indexed: [],
  gone: { table: 'call_removed INDEXED BY call_removed_changed' },
};

const callsOf = ({ since }: CallFilter) => (since === undefined ? calls : changes);

const recordings: Source<RecordingFilter> = {
  table: (index) =>
    `(SELECT recording.*, coalesce((SELECT billsec FROM call WHERE call.id = recording.call_id), seconds) AS talked
      FROM recording INDEXED BY ${index})`,
  base: 'recording',
  key: ({ wall }) => ({ column: 'wall_at', index: 'recording_wall', ...wall }),
  indexed: [],
  where: whereRecordings,
  columns: {
    time: clock('wall_at'),
    src: 'src',
    dst: 'dst',
    trunk: 'trunk',
    duration: text('talked'),
    callType: 'calltype',
    path: 'path',
  },
  plain: new Set(['time', 'duration']),
};

export const callPage = (database: Database, request: PageRequest<CallFilter>) =>
  page(database, callsOf(request.filter), request);
export const callCount = (database: Database, request: CountRequest<CallFilter>) =>
  count(database, callsOf(request.filter), request);
export const recordingPage = (database: Database, request: PageRequest<RecordingFilter>) =>
  page(database, recordings, request);
export const recordingCount = (database: Database, request: CountRequest<RecordingFilter>) =>
  count(database, recordings, request);

/** The next calls that match, oldest first: what a deletion takes. */
export function matchingCalls(
  database: Database,
  filter: CallFilter,
  after: Cursor | null,
  { scan, limit }: { readonly scan: number; readonly limit: number },
): { readonly ids: readonly number[]; readonly next: Cursor | null } {
  const { table, conditions, binds, end } = stretchOf(database, calls, { filter, after, scan }, 'asc');
  const rows = database.all(`SELECT start_at, id FROM ${table} WHERE ${conditions} ORDER BY start_at, id LIMIT ?`, [
    ...binds,
    limit,
  ]);
  const last = rows.length === limit ? rows.at(-1) : undefined;
  return {
    ids: rows.map(({ id }) => Number(id)),
    next: last ? { key: Number(last['start_at']), id: Number(last['id']) } : end,
  };
}

function page<Filter>(database: Database, source: Source<Filter>, request: PageRequest<Filter>): Page {
  const { table, column, conditions, binds: within, end, gone } = stretchOf(database, source, request, request.order);
  const cells = request.fields.map(([name, field], index) => ({
    name,
    sql: `c${index}`,
    plain: source.plain.has(field),
    value: expressionOf(source, field),
  }));
  const line = lineOf(request.format ?? 'json', cells);
  const binds = [...line.binds, ...within];
  const direction = request.order === 'asc' ? 'ASC' : 'DESC';
  const order = `ORDER BY key ${direction}, id ${direction}`;
  // Each value is worked out once inside, however often its line looks at it.
  const values = cells.map(({ value, sql }) => [sql, value] as const);
  const columns = (line.also ? [...values, line.also] : values).map(([name, value]) => `${value} AS ${name}, `);
  const inside = `SELECT ${columns.join('')}${column} AS key, id FROM ${table} WHERE ${conditions}`;
  // The order stands inside: group_concat's own would sort again what the index gives in order, in twice the time.
  let from = `SELECT ${line.sql} AS line, key, id FROM (${inside} ${order})`;
  if (gone) {
    if (typeof request.format === 'object' || request.format === 'xml')
      throw new Error('what has gone is told as JSON only');
    const told = request.fields.filter(([, name]) => name === 'id' || name === column);
    const pairs = [...told.map(([, name]) => `?, ${expressionOf(source, name)}`), "'removed', json('true')"];
    from = `SELECT ${line.sql} AS line, key, id FROM (${inside})
      UNION ALL SELECT json_object(${pairs.join(', ')}), ${column}, id FROM ${gone.table} WHERE ${gone.conditions} ${order}`;
    binds.push(...told.map(([name]) => name), ...gone.binds);
  }
  if (request.limit >= request.scan) {
    const all = database.first(
      `SELECT group_concat(line, '${line.separator}') AS text, count(*) AS rows FROM (${from})`,
      binds,
    );
    return { text: line.finish(String(all?.['text'] ?? '')), rows: Number(all?.['rows']), next: end };
  }
  // One more than wanted: it tells whether the listing goes on inside this stretch.
  const rows = database.all(`${from} LIMIT ?`, [...binds, request.limit + 1]);
  const wanted = rows.slice(0, request.limit);
  const last = wanted.at(-1);
  const cut = rows.length > request.limit && last !== undefined;
  return {
    text: line.finish(wanted.map((row) => row['line']).join(line.separator)),
    rows: wanted.length,
    next: cut ? { key: Number(last['key']), id: Number(last['id']) } : end,
  };
}

function count<Filter>(database: Database, source: Source<Filter>, request: CountRequest<Filter>): Count {
  const { table, conditions, binds, end, gone } = stretchOf(database, source, request, 'asc');
  const rowsOf = (from: string, where: string, bound: readonly Bind[]) =>
    Number(database.first(`SELECT count(*) AS rows FROM ${from} WHERE ${where}`, bound)?.['rows']);
  const rows = rowsOf(table, conditions, binds) + (gone ? rowsOf(gone.table, gone.conditions, gone.binds) : 0);
  return { rows, next: end };
}

interface Stretch {
  readonly table: string;
  readonly column: string;
  readonly conditions: string;
  readonly binds: readonly Bind[];
  /** The cursor at its end; null: nothing is behind it. */
  readonly end: Cursor | null;
  /** The same stretch of what has gone. */
  readonly gone: { readonly table: string; readonly conditions: string; readonly binds: readonly Bind[] } | null;
}

/**
 * The next `scan` rows of the index after the cursor. Each side has one bound and no more: of two the planner takes the
 * first it likes, and with the filter's instead of the cursor's every step would walk again over all steps before it.
 */
function stretchOf<Filter>(
  database: Database,
  source: Source<Filter>,
  { filter, after, scan }: CountRequest<Filter>,
  order: 'asc' | 'desc',
): Stretch {
  const { column, index, from, to } = source.key(filter);
  const up = order === 'asc';
  const [first, last] = up ? [from, to] : [to, from];
  const [beyond, upTo, direction] = up ? ['>', '<', 'ASC'] : ['<', '>', 'DESC'];
  // A cursor that a client made up may lie outside.
  const inside = after !== null && (first === undefined || (up ? after.key >= first : after.key <= first));
  const begin: Condition[] = inside
    ? [[`(${column}, id) ${beyond} (?, ?)`, after.key, after.id]]
    : first === undefined
      ? []
      : [[`${column} ${beyond}= ?`, first]];
  const filterEnd: Condition[] = last === undefined ? [] : [[`${column} ${upTo}= ?`, last]];

  const range = joined([...source.indexed, ...begin, ...filterEnd]);
  const tables = [`${source.base} INDEXED BY ${index}`, ...(source.gone ? [source.gone.table] : [])];
  const edge = database.first(
    `${tables.map((table) => `SELECT ${column} AS key, id FROM ${table} WHERE ${range.text}`).join(' UNION ALL ')}
     ORDER BY key ${direction}, id ${direction} LIMIT 1 OFFSET ?`,
    [...tables.flatMap(() => range.binds), scan - 1],
  );
  const end = edge ? { key: Number(edge['key']), id: Number(edge['id']) } : null;
  const stepEnd: Condition[] = end ? [[`(${column}, id) ${upTo}= (?, ?)`, end.key, end.id]] : filterEnd;
  const own = joined([...begin, ...stepEnd]);
  const { conditions, binds } = source.where(filter);
  return {
    table: source.table(index),
    column,
    conditions: [own.text, ...conditions].join(' AND '),
    binds: [...own.binds, ...binds],
    end,
    gone: source.gone ? { table: source.gone.table, conditions: own.text, binds: own.binds } : null,
  };
}

type Condition = readonly [text: string, ...binds: Bind[]];

function joined(conditions: readonly Condition[]): { readonly text: string; readonly binds: Bind[] } {
  return {
    text: conditions.map(([text]) => text).join(' AND ') || 'TRUE',
    binds: conditions.flatMap(([, ...binds]) => binds),
  };
}

/** The wire's name is bound, the column is one of ours. */
function expressionOf<Filter>(source: Source<Filter>, column: string): string {
  const expression = Object.hasOwn(source.columns, column) ? source.columns[column] : undefined;
  if (expression === undefined) throw new Error(`no column ${column}`);
  return expression;
}
