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
} from '../filter.ts';
import { exactNumber } from '../model/number-search.ts';
import type { Bind, Database } from './database.ts';
import { type Where, whereCalls, whereRecordings } from './where.ts';

export type Condition = readonly [text: string, ...binds: Bind[]];

/** An index that a listing runs along, or the part of one in which these conditions hold. */
interface Path {
  readonly index: string;
  readonly conditions: readonly Condition[];
}

interface Source<Filter> {
  /** What rows are taken from; `by` says along which index. It is said because the planner would take another at times. */
  readonly table: (by: string) => string;
  /** What the index belongs to. */
  readonly base: string;
  /** The column that the listing runs along, and the bounds that the filter sets on it. */
  readonly key: (filter: Filter) => { readonly column: string } & Bounds;
  /** The paths that together hold every row that may match, none of them twice. */
  readonly paths: (filter: Filter) => readonly Path[];
  /** Everything else that the filter asks. */
  readonly where: (filter: Filter) => Where;
  /** A field's value. Names are checked against this list: nothing from above gets into SQL text. */
  readonly columns: Readonly<Record<string, string>>;
}

const text = (column: string) => `CAST(${column} AS TEXT)`;
const clock = (expression: string) => `strftime('%Y-%m-%d %H:%M:%S', ${expression}, 'unixepoch')`;

/** The phone book's word on the other party: the caller, or who was called by one of us. */
const contactOf = (column: string) =>
  `coalesce((SELECT ${column} FROM contact WHERE number = CASE calltype WHEN 'Outbound' THEN dst ELSE src END), '')`;

/** Calls of one exact number along their starts: no other is looked at, however many there are. */
function pathsOfCalls({ since, src, dst }: CallFilter): readonly Path[] {
  // In these very words, so that the indexes without the trash serve.
  const shown: Condition = ['trash IS NULL'];
  if (since !== undefined) return [{ index: 'call_changed', conditions: [] }];
  const from = exactNumber(src);
  if (from !== null) return [{ index: 'call_src', conditions: [shown, ['src = ?', from]] }];
  const to = exactNumber(dst);
  if (to === null) return [{ index: 'call_start', conditions: [shown] }];
  return [
    { index: 'call_dst', conditions: [shown, ['dst_outer = ?', to]] },
    { index: 'call_dst_inner', conditions: [shown, ['dst_inner <> dst_outer'], ['dst_inner = ?', to]] },
  ];
}

const calls: Source<CallFilter> = {
  table: (by) => `call ${by}`,
  base: 'call',
  key: ({ start, since }) =>
    since === undefined ? { column: 'start_at', ...start } : { column: 'changed', from: since + 1 },
  paths: pathsOfCalls,
  where: whereCalls,
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
    contact: contactOf('name'),
    group: contactOf('groupname'),
  },
};

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
  },
};

export const callPage = (database: Database, request: PageRequest<CallFilter>) => page(database, calls, request);
export const callCount = (database: Database, request: CountRequest<CallFilter>) => count(database, calls, request);
export const recordingPage = (database: Database, request: PageRequest<RecordingFilter>) =>
  page(database, recordings, request);
export const recordingCount = (database: Database, request: CountRequest<RecordingFilter>) =>
  count(database, recordings, request);
/** A step's calls and their end, for what looks at them in another way. */
export const callStretch = (database: Database, request: CountRequest<CallFilter>) =>
  stretchOf(database, calls, request, 'asc');

function page<Filter>(database: Database, source: Source<Filter>, request: PageRequest<Filter>): Page {
  const { parts, column, end } = stretchOf(database, source, request, request.order);
  const line = `json_object(${request.fields.map(([, name]) => `?, ${expressionOf(source, name)}`).join(', ')})`;
  const names = request.fields.map(([name]) => name);
  const direction = request.order === 'asc' ? 'ASC' : 'DESC';
  const { text: lines, binds } = union(parts, `SELECT ${line} AS line, ${column} AS key, id`, names);
  const ordered = `${lines} ORDER BY key ${direction}, id ${direction}`;
  if (request.limit >= request.scan) {
    // The order stands inside: group_concat's own would sort again what the index gives in order, in twice the time.
    const all = database.first(
      `SELECT group_concat(line, ',') AS text, count(*) AS rows FROM (SELECT line FROM (${ordered}))`,
      binds,
    );
    return { text: String(all?.['text'] ?? ''), rows: Number(all?.['rows']), next: end };
  }
  // One more than wanted: it tells whether the listing goes on inside this stretch.
  const rows = database.all(`${ordered} LIMIT ?`, [...binds, request.limit + 1]);
  const wanted = rows.slice(0, request.limit);
  const last = wanted.at(-1);
  const cut = rows.length > request.limit && last !== undefined;
  return {
    text: wanted.map((row) => row['line']).join(','),
    rows: wanted.length,
    next: cut ? { key: Number(last['key']), id: Number(last['id']) } : end,
  };
}

function count<Filter>(database: Database, source: Source<Filter>, request: CountRequest<Filter>): Count {
  const { parts, end } = stretchOf(database, source, request, 'asc');
  const each = union(parts, 'SELECT count(*) AS rows');
  const row = database.first(`SELECT sum(rows) AS rows FROM (${each.text})`, each.binds);
  return { rows: Number(row?.['rows']), next: end };
}

/** Those of the candidates that match, in order of id. */
export function callHits(database: Database, request: CountRequest<CallFilter>): Hits {
  const { parts, column } = stretchOf(database, calls, request, 'asc');
  const { text, binds } = union(parts, `SELECT group_concat(${column} || '.' || id) AS text`);
  return { text: String(database.first(text, binds)?.['text'] ?? '') };
}

/** How many calls lie within the filter's bounds on what a listing runs along, matching or not; counted up to `limit`. */
export function callsWithin(database: Database, filter: CallFilter, limit: number): number {
  const { column, from, to } = calls.key(filter);
  const [path] = calls.paths({ start: filter.start, ...(filter.since !== undefined && { since: filter.since }) });
  const range = joined([...(path?.conditions ?? []), ...withinBounds(column, { from, to })]);
  const row = database.first(
    `SELECT count(*) AS rows FROM (SELECT 1 FROM call INDEXED BY ${path?.index} WHERE ${range.text} LIMIT ?)`,
    [...range.binds, limit],
  );
  return Number(row?.['rows']);
}

/** A `FROM … WHERE …` and what is bound in it. */
interface Part {
  readonly text: string;
  readonly binds: readonly Bind[];
}

export interface Stretch {
  /** Its rows: no two parts share one. */
  readonly parts: readonly Part[];
  readonly column: string;
  /** The cursor at its end; null: nothing is behind it. */
  readonly end: Cursor | null;
}

/** The same selection from each part. */
export function union(parts: readonly Part[], select: string, first: readonly Bind[] = []): Part {
  return {
    text: parts.map(({ text }) => `${select} ${text}`).join(' UNION ALL '),
    binds: parts.flatMap(({ binds }) => [...first, ...binds]),
  };
}

/**
 * The next `scan` rows after the cursor. Each side has one bound and no more: of two the planner takes the first it
 * likes, and with the filter's instead of the cursor's every step would walk again over all steps before it.
 */
function stretchOf<Filter>(
  database: Database,
  source: Source<Filter>,
  { filter, after, scan, ids }: CountRequest<Filter>,
  order: 'asc' | 'desc',
): Stretch {
  const { column, from, to } = source.key(filter);
  const where = source.where(filter);
  const part = (by: string, own: readonly Condition[]): Part => {
    const { text, binds } = joined(own);
    return {
      text: `FROM ${source.table(by)} WHERE ${[text, ...where.conditions].join(' AND ')}`,
      binds: [...binds, ...where.binds],
    };
  };
  if (ids !== undefined) {
    const these: Condition = ['id IN (SELECT value FROM json_each(?))', `[${ids}]`];
    const within = withinBounds(`+${column}`, { from, to }); // the plus: by id, not along the index
    return { parts: [part('NOT INDEXED', [these, ...within])], column, end: null };
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
  const ahead = paths.map(({ index, conditions }): Part => {
    const { text, binds } = joined([...conditions, ...begin, ...filterEnd]);
    return { text: `FROM ${source.base} INDEXED BY ${index} WHERE ${text}`, binds };
  });
  const { text, binds } = union(ahead, `SELECT ${column} AS key, id`);
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
  };
}

function withinBounds(
  column: string,
  { from, to }: { from?: number | undefined; to?: number | undefined },
): Condition[] {
  return [
    ...(from === undefined ? [] : [[`${column} >= ?`, from] as const]),
    ...(to === undefined ? [] : [[`${column} <= ?`, to] as const]),
  ];
}

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
