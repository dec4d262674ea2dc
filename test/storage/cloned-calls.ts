/**
 * Many whole calls (leg, row, search, announcement) out of one that the store itself has made: as records a quarter of a
 * million would take minutes. Each is what {@link clonedLeg} folds to, a second after the one before.
 */
import type { Leg } from '../../storage/model/leg.ts';
import { type Database, openDatabase } from '../../storage/sql/database.ts';
import { leg } from '../support/legs.ts';

/** 2021-04-22 01:01:50 at UTC−08:00. */
export const FIRST_START = 1_619_082_110;

/** The record of the nth clone, from 0. */
export function clonedLeg(index: number): Leg {
  return leg(FIRST_START + index, { source: sourceOf(index) });
}

function sourceOf(index: number): string {
  return `+4930${1_000_000 + ((index * 7_919) % 8_999_999)}`;
}

/**
 * Fills a store that holds nothing but the closed call of `clonedLeg(0)` up to `count` calls.
 * @param file The database, which no store has open.
 */
export function cloneCalls(file: string, count: number): void {
  const database = openDatabase(file);
  try {
    database.transaction(() => clone(database, count));
  } finally {
    database.close();
  }
}

function clone(database: Database, count: number): void {
  const names = (table: string) =>
    database.all(`SELECT name FROM pragma_table_info('${table}') WHERE name <> 'id'`).map(({ name }) => String(name));
  const [{ seq = 0 } = {}] = database.all("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'");
  const source = "'+4930' || (1000000 + (i * 7919) % 8999999)";
  const changed: Readonly<Record<string, string>> = {
    call_group: "(start_at + i) || '.0'",
    uniqueid: "(start_at + i) || '.0'",
    linkedid: "(start_at + i) || '.0'",
    start_at: 'start_at + i',
    answer_at: 'answer_at + i',
    end_at: 'end_at + i',
    source,
    src: source,
    anchor: 'i + 1',
    changed: `${Number(seq)} + i`,
  };
  const numbers = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count - 1})`;
  for (const table of ['leg', 'call']) {
    const columns = names(table);
    database.run(
      `${numbers} INSERT INTO ${table} (id, ${columns.join(', ')})
       SELECT i + 1, ${columns.map((name) => changed[name] ?? name).join(', ')} FROM n, ${table} WHERE ${table}.id = 1`,
    );
  }
  database.run(`${numbers} INSERT INTO outbox (id, kind, ref, at) SELECT ${Number(seq)} + i, 'call', i + 1, 0 FROM n`);
  database.run('INSERT OR IGNORE INTO number SELECT 0, src FROM call');
}
