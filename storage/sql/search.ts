/**
 * The numbers that calls outside the trash show, each once: what a part of a number is looked for in. They follow the
 * indexes of exact numbers: a number stands here as long as one of those holds a call of it, and no longer, so that what is
 * erased leaves none behind.
 */
import type { Database } from './database.ts';

export interface Numbers {
  readonly src: string;
  readonly dst: string;
}

/** A side of a call, as one index has it: a number called may be two, `620(202)`, of which the inner one answered. */
export interface Side {
  readonly code: 0 | 1 | 2;
  readonly column: string;
  readonly index: string;
  /** Which calls the index holds, in its own words. */
  readonly held: string;
}

const SHOWN = 'trash IS NULL';
export const SIDES = {
  src: { code: 0, column: 'src', index: 'call_src', held: SHOWN },
  called: { code: 1, column: 'dst_outer', index: 'call_dst', held: SHOWN },
  answered: { code: 2, column: 'dst_inner', index: 'call_dst_inner', held: `${SHOWN} AND dst_inner <> dst_outer` },
} as const satisfies Readonly<Record<string, Side>>;

const ALL: readonly Side[] = Object.values(SIDES);
const CALLER: readonly Side[] = [SIDES.src];
const DIALLED: readonly Side[] = [SIDES.called, SIDES.answered];

/** What `dst_outer` and `dst_inner` make of a number called that no row holds any more. */
const CALLED = "CASE WHEN dst GLOB '*(*)' THEN substr(dst, 1, instr(dst, '(') - 1) ELSE dst END";
const ANSWERED = "substr(dst, instr(dst, '(') + 1, length(dst) - instr(dst, '(') - 1)";

/** Numbers remembered of each of the two: an office's own and those it has to do with day by day, some 200 KB. */
const LATELY_MAX = 2_048;
/** Characters of those remembered: Asterisk's own longest (AST_MAX_EXTENSION). A file that is read in may bring 64 KB each. */
const LATELY_LENGTH_MAX = 80;

/** What calls showed lately: all of their numbers stand here. */
interface Lately {
  readonly src: Set<string>;
  readonly dst: Set<string>;
  /** @see Database.undone */
  undone: number;
}

const remembered = new WeakMap<Database, Lately>();

function latelyOf(database: Database): Lately {
  const known = remembered.get(database);
  if (known?.undone === database.undone) return known;
  const nothing = { src: new Set<string>(), dst: new Set<string>(), undone: database.undone };
  remembered.set(database, nothing);
  return nothing;
}

function remember(lately: Set<string>, text: string): void {
  if (text.length > LATELY_LENGTH_MAX) return;
  lately.add(text);
  const [oldest] = lately;
  if (lately.size > LATELY_MAX && oldest !== undefined) lately.delete(oldest);
}

/** Most calls have one end at least that others had just before them: it is not looked for again. */
function learnOf(database: Database, id: number, { src, dst }: Numbers): void {
  const lately = latelyOf(database);
  if (!lately.src.has(src)) {
    learn(database, CALLER, '= ?', id);
    remember(lately.src, src);
  }
  if (!lately.dst.has(dst)) {
    learn(database, DIALLED, '= ?', id);
    remember(lately.dst, dst);
  }
}

/**
 * After a call has been written. @param old What it showed before; null: nothing that is known here.
 * @param next What it shows now, likewise.
 */
export function indexNumbers(database: Database, id: number, old: Numbers | null, next: Numbers | null): void {
  if (old && next && old.src === next.src && old.dst === next.dst) return;
  if (next) learnOf(database, id, next);
  if (!old) return;
  const was = (expression: string) => `= (SELECT ${expression} FROM (SELECT ? AS dst))`;
  if (old.src !== next?.src) forget(database, SIDES.src, '= ?', old.src);
  if (old.dst === next?.dst) return;
  forget(database, SIDES.called, was(CALLED), old.dst);
  forget(database, SIDES.answered, was(ANSWERED), old.dst);
}

/** After calls have gone into the trash, or have come out of it. @param ids A JSON list. */
export function indexMany(database: Database, ids: string, change: 'in' | 'out'): void {
  const these = 'IN (SELECT value FROM json_each(?))';
  if (change === 'in') learn(database, ALL, these, ids);
  else for (const side of ALL) forget(database, side, `IN (SELECT ${side.column} FROM call WHERE id ${these})`, ids);
}

function learn(database: Database, sides: readonly Side[], which: string, bind: string | number): void {
  const each = sides.map(
    ({ code, column, held }) => `SELECT ${code}, ${column} FROM call WHERE id ${which} AND ${held}`,
  );
  database.run(
    `INSERT OR IGNORE INTO number (side, text) ${each.join(' UNION ALL ')}`,
    sides.map(() => bind),
  );
}

/** Those of these numbers that no call shows any more. */
function forget(database: Database, { code, column, index, held }: Side, which: string, bind: string): void {
  const still = `SELECT 1 FROM call INDEXED BY ${index} WHERE ${column} = number.text AND ${held}`;
  const statement = `DELETE FROM number WHERE side = ${code} AND text ${which} AND NOT EXISTS (${still})`;
  // Whichever it was: what is remembered are the numbers as calls show them, of which this may be a part.
  if (database.run(statement, [bind]).changes > 0) remembered.delete(database);
}
