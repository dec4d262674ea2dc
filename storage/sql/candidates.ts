/**
 * The calls of all numbers that match, found by way of the numbers: each known number is looked at once, and the calls of
 * those that match stand side by side in the index of exact numbers, with their starts. Neither asks for a row of a call.
 */
import type { Cursor, NumberPlace, NumbersRequest, NumbersStep } from '../filter.ts';
import { beginningOf, numberMatcher } from '../model/number-search.ts';
import type { Bind, Database } from './database.ts';
import { type Condition, callsWithin, joined, withinBounds } from './listing.ts';
import { SIDES } from './search.ts';
import { numberTest } from './where.ts';

/** So few calls within a filter's dates are looked at one by one: numbers are more than that. */
const FEW = 4_000;
/** With more patterns numbers are compared here and not by SQL. */
const MANY = 12;
/**
 * That a call is over, asked of no row: few are open, and those have no `changed` yet. What an index holds is read in a
 * tenth of the time of the rows behind it.
 */
const CLOSED = `call.id NOT IN (SELECT still.id FROM call AS still INDEXED BY call_changed
  WHERE still.changed IS NULL AND still.open = 1)`;
/** Behind every text that begins alike. */
const END = '\u{10ffff}';

/** One bounded step; null: so few calls lie within the dates that looking at each is quicker. */
export function callNumbers(database: Database, request: NumbersRequest): NumbersStep | null {
  const { side, patterns, start, after, scan } = request;
  if (!after && callsWithin(database, { start }, FEW + 1) <= FEW) return null;
  const { code } = SIDES[side];
  if (after?.call) {
    const within: Condition[] = [
      ['number.text = ?', after.text],
      ['(call.start_at, call.id) > (?, ?)', after.call.key, after.call.id],
    ];
    return calls(database, request, within, { text: after.text });
  }
  const [pattern, ...more] = patterns;
  const beginning = pattern && more.length === 0 ? beginningOf(pattern) : '';
  const from: Condition = after ? ['number.text > ?', after.text] : ['number.text >= ?', beginning];
  const to: Condition[] = beginning === '' ? [] : [['number.text < ?', `${beginning}${END}`]];
  const ahead = joined([[`side = ${code}`], from, ...to]);
  if (patterns.length > MANY) return matched(database, request, ahead);
  const edge = database.first(`SELECT text FROM number WHERE ${ahead.text} ORDER BY text LIMIT 1 OFFSET ?`, [
    ...ahead.binds,
    scan - 1,
  ]);
  const end = edge === undefined ? null : { text: String(edge['text']) };
  // The plus: numbers are gone through in their order, whatever index a test might be looked up in.
  const within = [
    from,
    ...(end ? [['number.text <= ?', end.text] as const] : to),
    numberTest('+number.text', patterns),
  ];
  return calls(database, request, within, end);
}

/** The same for very many patterns: as SQL they take 10 ms of each step to be read, and each of them is tried. */
function matched(database: Database, request: NumbersRequest, ahead: ReturnType<typeof joined>): NumbersStep {
  const row = database.first(
    `SELECT json_group_array(text) AS texts FROM (SELECT text FROM number WHERE ${ahead.text} ORDER BY text LIMIT ?)`,
    [...ahead.binds, request.scan],
  );
  const texts = JSON.parse(String(row?.['texts'])) as string[];
  const [last] = texts.slice(-1);
  const end = texts.length === request.scan && last !== undefined ? { text: last } : null;
  const these = texts.filter(numberMatcher(request.patterns));
  if (these.length === 0) return { rows: 0, text: '', next: end };
  return calls(database, request, [['number.text IN (SELECT value FROM json_each(?))', JSON.stringify(these)]], end);
}

/** Their calls. @param end What follows them, unless their calls are too many for one step. */
function calls(
  database: Database,
  { side, start, named, most }: NumbersRequest,
  within: readonly Condition[],
  end: NumberPlace | null,
): NumbersStep {
  const { code, column, index, held } = SIDES[side];
  const where = joined([
    [`number.side = ${code}`],
    ...within,
    ...withinBounds('call.start_at', start),
    [held],
    [CLOSED],
  ]);
  const from = `FROM number CROSS JOIN call INDEXED BY ${index} ON call.${column} = number.text WHERE ${where.text}`;
  const name = "call.start_at || '.' || call.id";
  const shown = named ? joined(withinBounds('call.start_at', named)) : null;
  const hit = shown ? `CASE WHEN ${shown.text} THEN ${name} END` : '1';
  const row = database.first(
    `SELECT count(*) AS rows${shown ? ', group_concat(hit) AS text' : ''} FROM (SELECT ${hit} AS hit ${from} LIMIT ?)`,
    [...(shown?.binds ?? []), ...where.binds, most],
  );
  const rows = Number(row?.['rows']);
  return {
    rows,
    text: String(row?.['text'] ?? ''),
    next: rows < most ? end : lastOf(database, from, [...where.binds, most - 1]),
  };
}

/** Where a step ended that had all its calls: the statement is the same, and with it the order. */
function lastOf(database: Database, from: string, binds: readonly Bind[]): NumberPlace {
  const last = database.first(
    `SELECT number.text AS text, call.start_at AS key, call.id AS id ${from} LIMIT 1 OFFSET ?`,
    binds,
  );
  const call: Cursor = { key: Number(last?.['key']), id: Number(last?.['id']) };
  return { text: String(last?.['text']), call };
}
