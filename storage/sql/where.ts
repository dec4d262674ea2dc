/**
 * Filters as SQL conditions, but for the bounds on the column that a listing runs along: those are listing.ts's. Every
 * value is bound; only column names of this file stand in the text.
 */
import type { Bounds, CallFilter, Inside, RecordingFilter } from '../filter.ts';
import { comparesWhole, type NumberPattern } from '../model/number-pattern.ts';
import type { Bind } from './database.ts';

export interface Where {
  readonly conditions: string[];
  readonly binds: Bind[];
}

/** The name that a call's caller showed: of the leg that its row stands on, as Asterisk writes it, `"name" <number>`. */
export const CALLER_NAME = `coalesce((SELECT CASE WHEN callerid GLOB '"*" <*' THEN substr(callerid, 2, instr(callerid, '" <') - 2) END
  FROM leg WHERE leg.id = call.anchor), '')`;

export function whereCalls(filter: CallFilter): Where {
  const { conditions, binds } = whereAsked(filter);
  // Not in the trash: in these very words, so that the index without it serves.
  return { conditions: ['open = 0', 'trash IS NULL', ...conditions], binds };
}

/** What a filter asks of the calls that are shown. */
export function whereAsked(filter: CallFilter): Where {
  const where: Where = { conditions: [], binds: [] };
  if (filter.since !== undefined) bounds(where, 'start_at', filter.start); // then it runs along `changed`
  numbers(where, ['src'], ['src'], filter.src);
  numbers(where, ['dst'], ['dst_outer', 'dst_inner'], filter.dst);
  numbers(where, ['src', 'dst'], ['src', 'dst_outer', 'dst_inner'], filter.number);
  inside(where, filter.inside);
  summed(where, filter);
  equal(where, 'start_offset', filter.startOffset);
  bounds(where, 'billsec', filter.billsec);
  eitherWithin(where, ['duration', 'billsec'], filter.duration);
  bounds(where, 'duration', filter.lasted);
  bounds(where, 'end_at', filter.end);
  if (filter.callerName !== undefined)
    add(where, `lower(${CALLER_NAME}) GLOB lower(?)`, filter.callerName.replaceAll('[', '[[]'));
  equal(where, 'cidname', filter.cidName);
  equal(where, 'cidname', filter.inRoute); // the guide: its value is the same
  equal(where, 'ivr', filter.ivr);
  if (filter.unkept)
    add(where, 'NOT EXISTS (SELECT 1 FROM recording AS file WHERE file.path = call.recording AND file.keep = 1)');
  return where;
}

/** Of the sums by day, whose columns have the names of a call's. @see summed.ts */
export function whereSums(filter: CallFilter): Where {
  const where: Where = { conditions: [], binds: [] };
  summed(where, filter);
  return where;
}

/** What the sums by day know. */
function summed(where: Where, { dispositions, callTypes, port, trunks = [] }: CallFilter): void {
  oneOf(where, 'disposition', dispositions);
  oneOf(where, 'calltype', callTypes);
  equal(where, 'port', port);
  for (const trunk of trunks) add(where, '(src_trunk = ? OR dst_trunk = ?)', trunk, trunk);
}

export function whereRecordings(filter: RecordingFilter): Where {
  const where: Where = { conditions: ['gone_at IS NULL', 'trash IS NULL'], binds: [] };
  numbers(where, ['src'], ['src'], filter.src);
  numbers(where, ['dst'], ['dst_outer', 'dst_inner'], filter.dst);
  equal(where, 'trunk', filter.trunk);
  oneOf(where, 'calltype', filter.callTypes);
  bounds(where, 'talked', filter.duration);
  equal(where, 'keep', filter.keep === undefined ? undefined : Number(filter.keep));
  return where;
}

function add(where: Where, condition: string, ...binds: Bind[]): void {
  where.conditions.push(condition);
  where.binds.push(...binds);
}

function bounds(where: Where, column: string, { from, to }: Bounds = {}): void {
  if (from !== undefined) add(where, `${column} >= ?`, from);
  if (to !== undefined) add(where, `${column} <= ?`, to);
}

/** Hidden only when every one of the columns is outside. */
function eitherWithin(where: Where, columns: readonly string[], { from, to }: Bounds = {}): void {
  const any = (test: string) => `(${columns.map((column) => `${column} ${test}`).join(' OR ')})`;
  if (from !== undefined) add(where, any('>= ?'), ...columns.map(() => from));
  if (to !== undefined) add(where, any('<= ?'), ...columns.map(() => to));
}

function equal(where: Where, column: string, value: Bind | undefined): void {
  if (value !== undefined) add(where, `${column} = ?`, value);
}

function oneOf(where: Where, column: string, values: readonly string[] | undefined): void {
  if (values) add(where, `${column} IN (${values.map(() => '?').join(', ')})`, ...values);
}

/** The side without a trunk is one of ours, but for what the direction says is outside: as the totals by extension have it. */
function inside(where: Where, asked: Inside | undefined): void {
  if (!asked) return;
  const { numbers: own, side } = asked;
  // None is a list too: a bare 0 would leave SQLite no use for the index.
  const list = `(${own.map(() => '?').join(', ')})`;
  const calls = `src_trunk = '' AND calltype <> 'Inbound' AND src IN ${list}`;
  const called = `dst_trunk = '' AND calltype <> 'Outbound' AND (dst_outer IN ${list} OR dst_inner IN ${list})`;
  if (side === 'from') add(where, `(${calls})`, ...own);
  else if (side === 'to') add(where, `(${called})`, ...own, ...own);
  else add(where, `(${calls} OR ${called})`, ...own, ...own, ...own);
}

/** One of the patterns must match: `620(202)` as a whole for one with a parenthesis, else one of its parts. */
function numbers(
  where: Where,
  whole: readonly string[],
  parts: readonly string[],
  patterns: readonly NumberPattern[] | undefined,
): void {
  if (patterns) add(where, ...test(whole, parts, patterns));
}

/** The same of a number that is known by itself, as one condition. @param column Of its text. */
export const numberTest = (column: string, patterns: readonly NumberPattern[]) => test([column], [column], patterns);

/** `*49171*`: looking for a part takes a fifth less than matching the pattern. */
const PART = /^\*([^*?]+)\*$/;

function test(
  whole: readonly string[],
  parts: readonly string[],
  patterns: readonly NumberPattern[],
): readonly [condition: string, ...binds: Bind[]] {
  // Many are asked for mostly as plain numbers: one look into a list for each row, not a comparison with each of them.
  const literals = new Map<string, string[]>();
  const ranges: Range[] = [];
  const tests: string[] = [];
  const binds: Bind[] = [];
  for (const pattern of patterns) {
    if (pattern.kind === 'range') {
      ranges.push(pattern);
      continue;
    }
    for (const column of comparesWhole(pattern) ? whole : parts) {
      if (pattern.kind === 'literal') {
        literals.set(column, [...(literals.get(column) ?? []), pattern.value]);
        continue;
      }
      const part = PART.exec(pattern.pattern)?.[1];
      tests.push(part === undefined ? `${column} GLOB ?` : `instr(${column}, ?) > 0`);
      binds.push(part ?? pattern.pattern.replaceAll('[', '[[]')); // the one character that GLOB knows and our grammar doesn't
    }
  }
  for (const [column, values] of literals) {
    tests.push(values.length === 1 ? `${column} = ?` : `${column} IN (${values.map(() => '?').join(', ')})`);
    binds.push(...values);
  }
  for (const column of ranges.length > 0 ? parts : []) {
    for (const [digits, merged] of byDigits(ranges)) {
      const within = anyOf(merged.map(() => `${column} BETWEEN ? AND ?`));
      tests.push(`(length(${column}) = ? AND ${within} AND ${column} NOT GLOB '*[^0-9]*')`);
      binds.push(digits, ...merged.flatMap(({ low, high }) => [low, high]));
    }
  }
  return [anyOf(tests), ...binds];
}

type Range = Extract<NumberPattern, { readonly kind: 'range' }>;

/** Ranges by their numbers' length, those that overlap as one: each costs SQLite a third of a millisecond to read. */
function byDigits(ranges: readonly Range[]): ReadonlyMap<number, readonly Range[]> {
  const merged = new Map<number, Range[]>();
  for (const range of [...ranges].sort((a, b) => (a.low < b.low ? -1 : 1))) {
    const known = merged.get(range.digits) ?? [];
    const last = known.at(-1);
    if (last && range.low <= last.high)
      known[known.length - 1] = range.high > last.high ? { ...last, high: range.high } : last;
    else known.push(range);
    merged.set(range.digits, known);
  }
  return merged;
}

/** Halved and halved again: as one chain, a thousand are deeper than SQLite parses. */
function anyOf(tests: readonly string[]): string {
  const half = Math.ceil(tests.length / 2);
  return tests.length <= 2
    ? `(${tests.join(' OR ')})`
    : `(${anyOf(tests.slice(0, half))} OR ${anyOf(tests.slice(half))})`;
}
