/**
 * EventSequences and call ids only rise, and a store that has taken another's place passes over those that the other may
 * have given out. So the distance of two of them says nothing of how much lies between: a jump over ten million would make
 * all that was kept look long past. The jumps are remembered, and counted out.
 */
import type { Database } from './database.ts';
import { readSetting, writeSetting } from './setting.ts';

/** No row of the outbox has an EventSequence between these two. */
interface Jump {
  readonly from: number;
  readonly to: number;
}

/** Name of the setting. */
const JUMPS = 'outbox.jumps';
/** Jumps remembered, the newest: a store is replaced a few times in its life. */
const JUMPS_KEPT = 20;

/** The last number that a table has given out; 0: none. */
export function lastOf(database: Database, table: 'outbox' | 'call' | 'audit'): number {
  return Number(database.first('SELECT seq FROM sqlite_sequence WHERE name = ?', [table])?.['seq'] ?? 0);
}

/** An EventSequence and a call id. */
export interface Numbers {
  readonly outbox: number;
  readonly call: number;
}

/** The last ones that a store has given out. */
export function lastNumbers(database: Database): Numbers {
  const rows = database.all("SELECT name, seq FROM sqlite_sequence WHERE name IN ('outbox', 'call')");
  const last = (table: string) => Number(rows.find(({ name }) => name === table)?.['seq'] ?? 0);
  return { outbox: last('outbox'), call: last('call') };
}

/** The next is one more. */
export function setLast(database: Database, table: 'outbox' | 'call', last: number): void {
  if (database.run('UPDATE sqlite_sequence SET seq = ? WHERE name = ?', [last, table]).changes === 0)
    database.run('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)', [table, last]);
}

/** The outbox has gone on at another place, in this transaction. @param at Epoch seconds. */
export function rememberJump(database: Database, jump: Jump, at: number): void {
  writeSetting(database, JUMPS, [...jumps(database), jump].slice(-JUMPS_KEPT), at);
}

/** The EventSequence so many rows behind `newest`, whatever was jumped over; below 0: there were not so many yet. */
export function behind(database: Database, newest: number, rows: number): number {
  let at = newest - rows;
  for (const { from, to } of jumps(database).toReversed()) if (at < to - 1) at -= to - 1 - from;
  return at;
}

/** In their order. */
function jumps(database: Database): readonly Jump[] {
  return (readSetting(database, JUMPS) as readonly Jump[] | null) ?? [];
}
