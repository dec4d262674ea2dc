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

/** What `dst_outer` and `dst_inner` make of a number called that no row holds any more. */
const CALLED = "CASE WHEN dst GLOB '*(*)' THEN substr(dst, 1, instr(dst, '(') - 1) ELSE dst END";
const ANSWERED = "substr(dst, instr(dst, '(') + 1, length(dst) - instr(dst, '(') - 1)";

/**
 * After a call has been written. @param old What it showed before; null: nothing that is known here.
 * @param next What it shows now, likewise.
 */
export function indexNumbers(database: Database, id: number, old: Numbers | null, next: Numbers | null): void {
  if (old && next && old.src === next.src && old.dst === next.dst) return;
  if (next) learn(database, '= ?', id);
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
  if (change === 'in') learn(database, these, ids);
  else for (const side of ALL) forget(database, side, `IN (SELECT ${side.column} FROM call WHERE id ${these})`, ids);
}

function learn(database: Database, which: string, bind: string | number): void {
  const each = ALL.map(({ code, column, held }) => `SELECT ${code}, ${column} FROM call WHERE id ${which} AND ${held}`);
  database.run(
    `INSERT OR IGNORE INTO number (side, text) ${each.join(' UNION ALL ')}`,
    ALL.map(() => bind),
  );
}

/** Those of these numbers that no call shows any more. */
function forget(database: Database, { code, column, index, held }: Side, which: string, bind: string): void {
  const still = `SELECT 1 FROM call INDEXED BY ${index} WHERE ${column} = number.text AND ${held}`;
  database.run(`DELETE FROM number WHERE side = ${code} AND text ${which} AND NOT EXISTS (${still})`, [bind]);
}
