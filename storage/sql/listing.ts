/**
 * Listings in steps. A step looks at a bounded stretch of the index, matching rows or not, so that no filter, however
 * unlucky, holds the store for long; and gives its rows as one text, because row objects cost four times as much.
 */
import type {
  Bounds,
  CallFilter,
  Count,
  CountRequest,
  Cursor,
  Hits,
  Page,
  PageRequest,
  RecordingFilter,
  SortColumn,
  SortKeys,
  SortKeysRequest,
} from '../filter.ts';
import { exactNumber } from '../model/number-search.ts';
import { stretchById } from './by-id.ts';
import type { Bind, Database } from './database.ts';
import { lineOf, type Rest } from './line.ts';
import { CALLER_NAME, type Where, whereCalls, whereRecordings } from './where.ts';

export type Condition = readonly [text: string, ...binds: Bind[]];

/** An index that a listing runs along, or the part of one in which these conditions hold. */
interface Path {
  readonly index: string;
  readonly conditions: readonly Condition[];
}

export interface Source<Filter> {
  /** What rows are taken from; `by` says along which index. It is said because the planner would take another at times. */
  readonly table: (by: string) => string;
  /** What the index belongs to. */
  readonly base: string;
  /** The column that the listing runs along, and the bounds that the filter sets on it. */
  readonly key: (filter: Filter) => { readonly column: string } & Bounds;
  /** The paths that together hold every row that may match, none of them twice. */
  readonly paths: (filter: Filter) => readonly Path[];
  /** What has gone and is told among the rows, in the order of the same column; its index. Absent: nothing. */
  readonly gone?: string;
  /** Everything else that the filter asks. */
  readonly where: (filter: Filter) => Where;
  /** A field's value. Names are checked against this list: nothing from above gets into SQL text. */
  readonly columns: Readonly<Record<string, string>>;
  /** Columns that hold only figures and words of our own: nothing in them wants quoting in any format. */
  readonly plain: ReadonlySet<string>;
  /** What some rows have behind the fields asked for. Absent: none has. */
  readonly rest?: (filter: Filter) => Rest | null;
  /** Columns that want another table, and how it is joined: only where one of them is asked for. */
  readonly joined?: { readonly columns: ReadonlySet<string>; readonly join: string };
}

export const text = (column: string) => `CAST(${column} AS TEXT)`;
export const clock = (expression: string) => `strftime('%Y-%m-%d %H:%M:%S', ${expression}, 'unixepoch')`;
/** As the guide's CSV writes it: `2021/3/24 1:12:45`. */
const unpadded = (expression: string) =>
  `replace(replace(strftime('%Y/%m/%d %H:%M:%S', ${expression}, 'unixepoch'), '/0', '/'), ' 0', ' ')`;

/** The phone book's word on the other party: the caller, or who was called by one of us; looked up once for name and group. */
const CONTACT = "LEFT JOIN contact ON contact.number = CASE calltype WHEN 'Outbound' THEN dst ELSE src END";

/** Of the record that a call is shown by: `channel`, … */
function ofRecord<const Name extends string>(...columns: readonly Name[]) {
  const entries = columns.map((column) => [column, `(SELECT leg.${column} FROM leg WHERE leg.id = call.anchor)`]);
  return Object.fromEntries(entries) as Readonly<Record<Name, string>>;
}

/** Calls of one exact number along their starts: no other is looked at, however many there are. */
function pathsOfCalls({ src, dst, number }: CallFilter): readonly Path[] {
  // In these very words, so that the indexes without the trash serve.
  const shown: Condition = ['trash IS NULL'];
  const from = exactNumber(src);
  if (from !== null) return [{ index: 'call_src', conditions: [shown, ['src = ?', from]] }];
  const to = exactNumber(dst);
  if (to !== null) return pathsTo(shown, to);
  const either = exactNumber(number);
  if (either === null) return [{ index: 'call_start', conditions: [shown, ['open = 0']] }];
  // Of a call to itself it is the caller, and no more.
  const notFrom: Condition = ['src <> ?', either];
  return [
    { index: 'call_src', conditions: [shown, ['src = ?', either]] },
    ...pathsTo(shown, either).map(({ index, conditions }) => ({ index, conditions: [...conditions, notFrom] })),
  ];
}

const pathsTo = (shown: Condition, to: string): readonly Path[] => [
  { index: 'call_dst', conditions: [shown, ['dst_outer = ?', to]] },
  { index: 'call_dst_inner', conditions: [shown, ['dst_inner <> dst_outer'], ['dst_inner = ?', to]] },
];

const calls: Source<CallFilter> = {
  table: (by) => `call ${by}`,
  base: 'call',
  key: ({ start }) => ({ column: 'start_at', ...start }),
  paths: pathsOfCalls,
  where: whereCalls,
  columns: {
    id: text('id'),
    changed: text('changed'),
    start: clock('start_at + start_offset'),
    offset: text('start_offset'),
    end: clock('end_at + end_offset'),
    endOffset: text('end_offset'),
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
    // What is in the trash nobody can play, unless another medium has a copy. Whether anything ever was is asked once a step: each row costs 2 µs otherwise.
    recording: `CASE WHEN recording = ''
      OR NOT EXISTS (SELECT 1 FROM recording AS file WHERE file.trash IS NOT NULL)
      OR NOT EXISTS (SELECT 1 FROM recording AS file WHERE file.path = call.recording AND file.trash IS NOT NULL)
      OR EXISTS (SELECT 1 FROM recording AS file WHERE file.path = call.recording AND file.trash IS NULL AND file.gone_at IS NULL)
      THEN recording ELSE '' END`,
    contact: "coalesce(contact.name, '')",
    group: "coalesce(contact.groupname, '')",
    callerName: CALLER_NAME,
    ...ofRecord('channel', 'dstchannel', 'callerid'),
  },
  plain: new Set([
    'id',
    'changed',
    'start',
    'offset',
    'end',
    'endOffset',
    'endUnpadded',
    'port',
    'duration',
    'billsec',
  ]),
  // Few are ticked off: the others have the guide's fields and ours, and nothing of this.
  rest: () => ({
    sql: `concat(',"processed":"', ${clock('processed_at + start_offset')}, '"')`,
    binds: [],
    when: 'processed_at IS NOT NULL',
  }),
  joined: { columns: new Set(['contact', 'group']), join: CONTACT },
};

/**
 * What changed, with what has gone among it: `removed` and no more, whatever the filter, because what has gone for good
 * can't be held against one; who never had it passes over it. Calls in the trash count as looked at, so that a step
 * stays bounded among any number of them.
 */
const changes: Source<CallFilter> = {
  ...calls,
  key: ({ since = 0 }) => ({ column: 'changed', from: since + 1 }),
  paths: () => [{ index: 'call_changed', conditions: [] }],
  gone: 'call_removed INDEXED BY call_removed_changed',
};

const callsOf = ({ since }: CallFilter) => (since === undefined ? calls : changes);

const recordings: Source<RecordingFilter> = {
  table: (by) =>
    `(SELECT recording.*, coalesce((SELECT billsec FROM call WHERE call.id = recording.call_id), seconds) AS talked
      FROM recording ${by})`,
  base: 'recording',
  key: ({ wall }) => ({ column: 'wall_at', ...wall }),
  paths: () => [{ index: 'recording_wall', conditions: [] }],
  where: whereRecordings,
  columns: {
    time: clock('wall_at'),
    src: 'src',
    dst: 'dst',
    trunk: 'trunk',
    duration: text('talked'),
    callType: 'calltype',
    path: 'path',
    size: text('size'),
    keep: text('keep'),
    call: "coalesce(CAST(call_id AS TEXT), '')",
  },
  plain: new Set(['time', 'duration', 'size', 'keep', 'call']),
  rest: ({ present }) =>
    present === undefined
      ? null
      : { sql: `CASE WHEN medium IS ? THEN '' ELSE ',"online":false' END`, binds: [present] },
};

export const callPage = (database: Database, request: PageRequest<CallFilter>) =>
  page(database, callsOf(request.filter), request);
export const callCount = (database: Database, request: CountRequest<CallFilter>) =>
  request.byId ? counted(database, stretchById(database, request)) : count(database, callsOf(request.filter), request);
export const recordingPage = (database: Database, request: PageRequest<RecordingFilter>) =>
  page(database, recordings, request);
export const recordingCount = (database: Database, request: CountRequest<RecordingFilter>) =>
  count(database, recordings, request);

/** A step's calls and their end, for what looks at them in another way. */
export const callStretch = (
  database: Database,
  request: CountRequest<CallFilter>,
  order: 'asc' | 'desc' = 'asc',
): Stretch => (request.byId ? stretchById(database, request) : stretchOf(database, calls, request, order));

/** Figures as figures: as the text that a listing shows, 10 would stand before 9. */
const SORT_KEYS: Readonly<Record<SortColumn, string>> = {
  ...(calls.columns as Readonly<Record<SortColumn, string>>),
  duration: 'duration',
  billsec: 'billsec',
  outcome: "CASE disposition WHEN 'ANSWERED' THEN 0 WHEN 'BUSY' THEN 1 WHEN 'NO ANSWER' THEN 2 ELSE 3 END",
};

/** What each of a step's calls is put in order by. */
export function callSortKeys(database: Database, request: SortKeysRequest): SortKeys {
  const { parts, end } = stretchOf(database, calls, request, 'asc');
  const join = request.sort === 'contact' ? CONTACT : '';
  const { text, binds } = union(parts, `SELECT ${SORT_KEYS[request.sort]} AS key, id`, { join });
  const row = database.first(`SELECT json_group_array(json_array(key, id)) AS pairs FROM (${text})`, binds);
  return { pairs: String(row?.['pairs']), next: end };
}

/** The next calls that match, oldest first: what a deletion takes. */
export function matchingCalls(
  database: Database,
  filter: CallFilter,
  after: Cursor | null,
  { scan, limit }: { readonly scan: number; readonly limit: number },
): { readonly ids: readonly number[]; readonly next: Cursor | null } {
  const { parts, end } = stretchOf(database, calls, { filter, after, scan }, 'asc');
  const { text, binds } = union(parts, 'SELECT start_at, id');
  const rows = database.all(`${text} ORDER BY start_at, id LIMIT ?`, [...binds, limit]);
  const last = rows.length === limit ? rows.at(-1) : undefined;
  return {
    ids: rows.map(({ id }) => Number(id)),
    next: last ? { key: Number(last['start_at']), id: Number(last['id']) } : end,
  };
}

export function page<Filter>(database: Database, source: Source<Filter>, request: PageRequest<Filter>): Page {
  const { parts, column, end, gone } = stretchOf(database, source, request, request.order);
  const format = request.format ?? 'json';
  const values = request.fields.map(([, field]) => expressionOf(source, field));
  // XML looks at a value several times: there it is worked out once inside. Elsewhere that would cost a quarter of the time.
  const once = format !== 'xml';
  const line = lineOf(
    format,
    request.fields.map(([name, field], index) => ({
      name,
      sql: once ? (values[index] ?? '') : `c${index}`,
      plain: source.plain.has(field),
    })),
    source.rest?.(request.filter),
  );
  const more = source.joined;
  const join = more && request.fields.some(([, field]) => more.columns.has(field)) ? more.join : '';
  const columns = once ? `${line.sql} AS line, ` : values.map((value, index) => `${value} AS c${index}, `).join('');
  const inside = union(parts, `SELECT ${columns}${column} AS key, id`, { join, binds: once ? line.binds : [] });
  const binds = [...(once ? [] : line.binds), ...inside.binds];
  const direction = request.order === 'asc' ? 'ASC' : 'DESC';
  const order = `ORDER BY key ${direction}, id ${direction}`;
  const lines = `SELECT ${once ? 'line' : `${line.sql} AS line`}, key, id`;
  // The order stands inside: group_concat's own would sort again what the index gives in order, in twice the time.
  let from = `${lines} FROM (${inside.text} ${order})`;
  if (gone) {
    if (request.format !== undefined && request.format !== 'json')
      throw new Error('what has gone is told as JSON only');
    const told = request.fields.filter(([, name]) => name === 'id' || name === column);
    const pairs = [...told.map(([, name]) => `?, ${expressionOf(source, name)}`), "'removed', json('true')"];
    const removed = union([gone], `SELECT json_object(${pairs.join(', ')}), ${column}, id`);
    from = `${lines} FROM (${inside.text}) UNION ALL ${removed.text} ${order}`;
    binds.push(...told.map(([name]) => name), ...removed.binds);
  }
  if (request.limit >= request.scan) {
    const all = database.first(
      `SELECT CAST(group_concat(line, '${line.separator}') AS BLOB) AS bytes, count(*) AS rows FROM (${from})`,
      binds,
    );
    return { bytes: line.finish(bytesOf(all?.['bytes'])), rows: Number(all?.['rows']), next: end };
  }
  // One more than wanted: it tells whether the listing goes on inside this stretch.
  const rows = database.all(`SELECT CAST(line AS BLOB) AS bytes, key, id FROM (${from}) LIMIT ?`, [
    ...binds,
    request.limit + 1,
  ]);
  const wanted = rows.slice(0, request.limit);
  const last = wanted.at(-1);
  const cut = rows.length > request.limit && last !== undefined;
  const bytes = joinedBytes(
    wanted.map((row) => bytesOf(row['bytes'])),
    Buffer.from(line.separator),
  );
  return {
    bytes: line.finish(bytes),
    rows: wanted.length,
    next: cut ? { key: Number(last['key']), id: Number(last['id']) } : end,
  };
}

/** A blob as the database gives it, in memory of its own. */
function bytesOf(value: unknown): Uint8Array<ArrayBuffer> {
  return value instanceof Uint8Array ? (value as Uint8Array<ArrayBuffer>) : new Uint8Array();
}

function joinedBytes(parts: readonly Uint8Array[], separator: Uint8Array): Uint8Array<ArrayBuffer> {
  const length = parts.reduce((sum, part) => sum + part.length + separator.length, 0);
  const bytes = new Uint8Array(Math.max(0, length - separator.length));
  let at = 0;
  for (const part of parts) {
    if (at > 0) bytes.set(separator, at - separator.length);
    bytes.set(part, at);
    at += part.length + separator.length;
  }
  return bytes;
}

export function count<Filter>(database: Database, source: Source<Filter>, request: CountRequest<Filter>): Count {
  return counted(database, stretchOf(database, source, request, request.order ?? 'asc'));
}

function counted(database: Database, { parts, end, gone }: Stretch): Count {
  const each = union(gone ? [...parts, gone] : parts, 'SELECT count(*) AS rows');
  const row = database.first(`SELECT sum(rows) AS rows FROM (${each.text})`, each.binds);
  return { rows: Number(row?.['rows']), next: end };
}

/** Those of the candidates that match, in order of id. */
export function callHits(database: Database, request: CountRequest<CallFilter>): Hits {
  const { parts, column } = stretchOf(database, calls, request, 'asc');
  const { text, binds } = union(parts, `SELECT group_concat(${column} || '.' || id) AS text`);
  return { text: String(database.first(text, binds)?.['text'] ?? '') };
}

/** How many calls lie within the filter's bounds on their start, matching or not; counted up to `limit`. */
export function callsWithin(database: Database, { start }: CallFilter, limit: number): number {
  const range = joined([['trash IS NULL'], ['open = 0'], ...withinBounds('start_at', start)]);
  const row = database.first(
    `SELECT count(*) AS rows FROM (SELECT 1 FROM call INDEXED BY call_start WHERE ${range.text} LIMIT ?)`,
    [...range.binds, limit],
  );
  return Number(row?.['rows']);
}

/** Rows of a table that fulfil conditions, and what is bound in these. */
interface Part {
  readonly from: string;
  readonly where: string;
  readonly binds: readonly Bind[];
}

export interface Stretch {
  /** Its rows: no two parts share one. */
  readonly parts: readonly Part[];
  readonly column: string;
  /** The cursor at its end; null: nothing is behind it. */
  readonly end: Cursor | null;
  /** The same stretch of what has gone; null: that is not told. */
  readonly gone: Part | null;
}

/** The same selection from each part, with what is bound in it; `join` is another table for each row. */
export function union(
  parts: readonly Part[],
  select: string,
  { join = '', binds: own = [] }: { readonly join?: string; readonly binds?: readonly Bind[] } = {},
): { readonly text: string; readonly binds: readonly Bind[] } {
  return {
    text: parts.map(({ from, where }) => `${select} FROM ${from} ${join} WHERE ${where}`).join(' UNION ALL '),
    binds: parts.flatMap(({ binds }) => [...own, ...binds]),
  };
}

/**
 * The next `scan` rows after the cursor. Each side has one bound and no more: of two the planner takes the first it
 * likes, and with the filter's instead of the cursor's every step would walk again over all steps before it.
 */
export function stretchOf<Filter>(
  database: Database,
  source: Source<Filter>,
  { filter, after, scan, ids, placed }: CountRequest<Filter> & Pick<PageRequest<Filter>, 'placed'>,
  order: 'asc' | 'desc',
): Stretch {
  const { column, from, to } = source.key(filter);
  const where = source.where(filter);
  const part = (by: string, own: readonly Condition[]): Part => {
    const { text, binds } = joined(own);
    return {
      from: source.table(by),
      where: [text, ...where.conditions].join(' AND '),
      binds: [...binds, ...where.binds],
    };
  };
  if (ids !== undefined && placed) {
    // As a table of the same name, so that what is written for the one does for the other. CROSS: in the order named.
    const { base } = source;
    const table = `(SELECT ${base}.*, named.key AS place FROM json_each(?) AS named
      CROSS JOIN ${base} ON ${base}.id = named.value) AS ${base}`;
    const named: Part = {
      from: table,
      where: where.conditions.join(' AND '),
      binds: [`[${ids}]`, ...where.binds],
    };
    return { parts: [named], column: 'place', end: null, gone: null };
  }
  if (ids !== undefined) {
    const these: Condition = ['id IN (SELECT value FROM json_each(?))', `[${ids}]`];
    const within = withinBounds(`+${column}`, { from, to }); // the plus: by id, not along the index
    return { parts: [part('NOT INDEXED', [these, ...within])], column, end: null, gone: null };
  }
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

  const paths = source.paths(filter);
  const plain = (from: string, conditions: readonly Condition[]): Part => {
    const { text, binds } = joined(conditions);
    return { from, where: text, binds };
  };
  const goneIn = (conditions: readonly Condition[]) => (source.gone ? plain(source.gone, conditions) : null);
  const within = [...begin, ...filterEnd];
  const ahead = paths.map(({ index, conditions }) =>
    plain(`${source.base} INDEXED BY ${index}`, [...conditions, ...within]),
  );
  const goneAhead = goneIn(within);
  const { text, binds } = union(goneAhead ? [...ahead, goneAhead] : ahead, `SELECT ${column} AS key, id`);
  const edge = database.first(`${text} ORDER BY key ${direction}, id ${direction} LIMIT 1 OFFSET ?`, [
    ...binds,
    scan - 1,
  ]);
  const end = edge ? { key: Number(edge['key']), id: Number(edge['id']) } : null;
  const stepEnd: Condition[] = end ? [[`(${column}, id) ${upTo}= (?, ?)`, end.key, end.id]] : filterEnd;
  return {
    parts: paths.map(({ index, conditions }) => part(`INDEXED BY ${index}`, [...conditions, ...begin, ...stepEnd])),
    column,
    end,
    gone: goneIn([...begin, ...stepEnd]),
  };
}

export function withinBounds(
  column: string,
  { from, to }: { from?: number | undefined; to?: number | undefined },
): Condition[] {
  return [
    ...(from === undefined ? [] : [[`${column} >= ?`, from] as const]),
    ...(to === undefined ? [] : [[`${column} <= ?`, to] as const]),
  ];
}

export function joined(conditions: readonly Condition[]): { readonly text: string; readonly binds: Bind[] } {
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
