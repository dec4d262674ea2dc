/**
 * Sums of the calls that are shown, by day and by what most questions ask for (sql/sums.ts). SQLite keeps them like an index,
 * in the transaction of whatever writes a call, one or many by one statement: no writer can forget them, and none of them
 * has to know how a call is summed up.
 *
 * Keyed by the day first: what comes in writes to one page, that of today.
 */
import type { Database } from '../database.ts';
import type { Migration } from './migration.ts';

/** Calls summed up by one statement: sorted in memory, which never shrinks again. */
const FILL_ROWS = 5_000;

const KEY = ['start_offset', 'calltype', 'disposition', 'src_trunk', 'dst_trunk', 'port'] as const;
const FIGURES = ['calls', 'duration', 'billsec', 'minutes'] as const;

/** Days since 1970 on the clock that the box had; rounded down, before 1970 too. */
const dayOf = (row: string) => {
  const wall = `(${row}start_at + ${row}start_offset)`;
  return `(${wall} - (${wall} % 86400 + 86400) % 86400) / 86400`;
};
const keyOf = (row: string) => [dayOf(row), ...KEY.map((name) => row + name)];
/** `minutes`: those begun. */
const figuresOf = (row: string) => ['1', `${row}duration`, `${row}billsec`, `(${row}billsec + 59) / 60`];
const shown = (row: string) => `${row}open = 0 AND ${row}trash IS NULL`;

const ADDING = `INSERT INTO call_sum (day, ${KEY.join(', ')}, ${FIGURES.join(', ')})`;
const TO_WHAT_IS = `ON CONFLICT DO UPDATE SET ${FIGURES.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')}`;
const add = (row: string) => `${ADDING} VALUES (${[...keyOf(row), ...figuresOf(row)].join(', ')}) ${TO_WHAT_IS};`;
/** One that counts no call any more is none: what stood in it is no trunk, say, of that day. */
const takeAway = (row: string) => {
  const its = ['day', ...KEY].map((name, index) => `${name} = ${keyOf(row)[index]}`).join(' AND ');
  const less = FIGURES.map((name, index) => `${name} = ${name} - ${figuresOf(row)[index]}`).join(', ');
  return `UPDATE call_sum SET ${less} WHERE ${its}; DELETE FROM call_sum WHERE ${its} AND calls = 0;`;
};

/** Whatever a sum hangs on. */
const SUMMED = ['open', 'trash', 'start_at', ...KEY, 'duration', 'billsec'];
const compared = (row: string) =>
  SUMMED.map((name) => (name === 'trash' ? `${row}trash IS NULL` : row + name)).join(', ');
const CHANGED = `(${compared('OLD.')}) <> (${compared('NEW.')})`;

export const sums: Migration = [
  `CREATE TABLE call_sum (
    day INTEGER NOT NULL, start_offset INTEGER NOT NULL, calltype TEXT NOT NULL, disposition TEXT NOT NULL,
    src_trunk TEXT NOT NULL, dst_trunk TEXT NOT NULL, port INTEGER NOT NULL,
    calls INTEGER NOT NULL, duration INTEGER NOT NULL, billsec INTEGER NOT NULL, minutes INTEGER NOT NULL,
    PRIMARY KEY (day, ${KEY.join(', ')})
  ) STRICT, WITHOUT ROWID`,
  fill,
  `CREATE TRIGGER call_sum_new AFTER INSERT ON call WHEN ${shown('NEW.')} BEGIN ${add('NEW.')} END`,
  `CREATE TRIGGER call_sum_gone AFTER DELETE ON call WHEN ${shown('OLD.')} BEGIN ${takeAway('OLD.')} END`,
  `CREATE TRIGGER call_sum_was AFTER UPDATE OF ${SUMMED.join(', ')} ON call
     WHEN ${shown('OLD.')} AND ${CHANGED} BEGIN ${takeAway('OLD.')} END`,
  `CREATE TRIGGER call_sum_is AFTER UPDATE OF ${SUMMED.join(', ')} ON call
     WHEN ${shown('NEW.')} AND ${CHANGED} BEGIN ${add('NEW.')} END`,
];

/** Along the table, some thousand calls at a time: sorted as a whole, a million calls would stay in memory. */
function fill(database: Database): void {
  const last = Number(database.first('SELECT coalesce(max(id), 0) AS id FROM call')?.['id']);
  const grouped = ['day', ...KEY].join(', ');
  for (let after = 0; after < last; after += FILL_ROWS)
    database.run(
      `${ADDING} SELECT ${dayOf('')} AS day, ${KEY.join(', ')}, count(*), sum(duration), sum(billsec), sum((billsec + 59) / 60)
       FROM call NOT INDEXED WHERE id > ? AND id <= ? AND ${shown('')} GROUP BY ${grouped} ${TO_WHAT_IS}`,
      [after, after + FILL_ROWS],
    );
}
