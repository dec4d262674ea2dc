/**
 * Listings in steps. A step looks at a bounded stretch of the index, matching rows or not, so that no filter, however
 * unlucky, holds the store for long; and gives its rows as one text, because row objects cost four times as much.
 */
import type { Bounds, CallFilter, Count, CountRequest, Cursor, Page, PageRequest, RecordingFilter } from '../filter.ts';
import type { Bind, Database } from './database.ts';
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

const calls: Source<CallFilter> = {
  table: (index) => `call INDEXED BY ${index}`,
  base: 'call',
  key: ({ start, since }) =>
    since === undefined
      ? { column: 'start_at', index: 'call_start', ...start }
      : { column: 'changed', index: 'call_changed', from: since + 1 },
  indexed: [['trash IS NULL']],
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
    // What is in the trash nobody can play. Whether anything ever was is asked once a step: each row costs 2 µs otherwise.
    recording: `CASE WHEN recording = ''
      OR NOT EXISTS (SELECT 1 FROM recording AS file WHERE file.trash IS NOT NULL)
      OR NOT EXISTS (SELECT 1 FROM recording AS file WHERE file.path = call.recording AND file.trash IS NOT NULL)
      THEN recording ELSE '' END`,
    contact: contactOf('name'),
    group: contactOf('groupname'),
  },
};

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
};

export const callPage = (database: Database, request: PageRequest<CallFilter>) => page(database, calls, request);
export const callCount = (database: Database, request: CountRequest<CallFilter>) => count(database, calls, request);
export const recordingPage = (database: Database, request: PageRequest<RecordingFilter>) =>
  page(database, recordings, request);
export const recordingCount = (database: Database, request: CountRequest<RecordingFilter>) =>
  count(database, recordings, request);

function page<Filter>(database: Database, source: Source<Filter>, request: PageRequest<Filter>): Page {
  const { table, column, conditions, binds: within, end } = stretchOf(database, source, request, request.order);
  const line = `json_object(${request.fields.map(([, name]) => `?, ${expressionOf(source, name)}`).join(', ')})`;
  const binds = [...request.fields.map(([name]) => name), ...within];
  const direction = request.order === 'asc' ? 'ASC' : 'DESC';
  const from = `FROM ${table} WHERE ${conditions} ORDER BY ${column} ${direction}, id ${direction}`;
  if (request.limit >= request.scan) {
    // The order stands inside: group_concat's own would sort again what the index gives in order, in twice the time.
    const all = database.first(
      `SELECT group_concat(line, ',') AS text, count(*) AS rows FROM (SELECT ${line} AS line ${from})`,
      binds,
    );
    return { text: String(all?.['text'] ?? ''), rows: Number(all?.['rows']), next: end };
  }
  // One more than wanted: it tells whether the listing goes on inside this stretch.
  const rows = database.all(`SELECT ${line} AS line, ${column} AS key, id ${from} LIMIT ?`, [
    ...binds,
    request.limit + 1,
  ]);
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
  const { table, conditions, binds, end } = stretchOf(database, source, request, 'asc');
  const row = database.first(`SELECT count(*) AS rows FROM ${table} WHERE ${conditions}`, binds);
  return { rows: Number(row?.['rows']), next: end };
}

interface Stretch {
  readonly table: string;
  readonly column: string;
  readonly conditions: string;
  readonly binds: readonly Bind[];
  /** The cursor at its end; null: nothing is behind it. */
  readonly end: Cursor | null;
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
  const edge = database.first(
    `SELECT ${column} AS key, id FROM ${source.base} INDEXED BY ${index} WHERE ${range.text}
     ORDER BY ${column} ${direction}, id ${direction} LIMIT 1 OFFSET ?`,
    [...range.binds, scan - 1],
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
