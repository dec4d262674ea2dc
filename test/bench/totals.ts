/**
 * Totals of a year of a million calls by day, disposition, direction, trunk and port, beside as many GROUP BYs of the sqlite3
 * tool in one process on the same rows: of all calls, which the sums by day answer, and of other filters, for which calls
 * are looked at. The figures must be the same.
 */
import { command } from './measure.ts';
import { type Question, questionRows } from './question.ts';
import type { Row } from './row.ts';
import { ALWAYS, ask, NEWEST, REPORT, ROUNDS, rowsAndCount, SHOWN, STATUS } from './stage.ts';

const FIGURES = ['count', 'answered', 'noanswer', 'busy', 'failed', 'duration', 'billsec', 'minutes'] as const;
const sumOf = (condition: string) => `sum(CASE WHEN ${condition} THEN 1 ELSE 0 END)`;
const SUMS = `count(*) AS count, ${sumOf("disposition = 'ANSWERED'")} AS answered, ${sumOf("disposition = 'NO ANSWER'")} AS noanswer,
  ${sumOf("disposition = 'BUSY'")} AS busy, ${sumOf("disposition NOT IN ('ANSWERED', 'NO ANSWER', 'BUSY')")} AS failed,
  sum(duration) AS duration, sum(billsec) AS billsec, sum((billsec + 59) / 60) AS minutes`;
const again = FIGURES.map((name) => `sum(${name}) AS ${name}`).join(', ');

/** What sqlite3 groups by. */
const GROUPED: Readonly<Record<string, (where: string) => string>> = {
  day: (where) =>
    plain("strftime('%Y-%m-%d', day * 86400, 'unixepoch')", '(start_at + start_offset) / 86400 AS day', 'day', where),
  disposition: (where) => plain('disposition', `${STATUS} AS disposition`, `${STATUS}`, where),
  direction: (where) => plain('calltype', 'calltype', 'calltype', where),
  // Each call under both of its trunks: grouped by pairs first, so that the calls are read once.
  trunk: (where) =>
    `WITH pair AS MATERIALIZED (SELECT src_trunk, dst_trunk, ${SUMS} FROM call WHERE ${where} GROUP BY src_trunk, dst_trunk)
     SELECT 'trunk' AS by, trunk AS value, ${again} FROM (
       SELECT src_trunk AS trunk, * FROM pair WHERE src_trunk <> ''
       UNION ALL SELECT dst_trunk, * FROM pair WHERE dst_trunk NOT IN ('', src_trunk)) GROUP BY trunk`,
  port: (where) => plain('CAST(port AS TEXT)', 'port', 'port', `${where} AND port <> 0`),
};
const DIMENSIONS = Object.keys(GROUPED);

function plain(value: string, selected: string, grouped: string, where: string): string {
  const name = selected.split(' ').at(-1) ?? '';
  const dimension = name === 'calltype' ? 'direction' : name;
  return `SELECT '${dimension}' AS by, ${value} AS value, ${FIGURES.join(', ')}
    FROM (SELECT ${selected}, ${SUMS} FROM call WHERE ${where} GROUP BY ${grouped})`;
}

/** A year as the bench's box has it, UTC−08:00. */
const YEAR = {
  query: '&startdate=2021-01-01%2000:00&enddate=2021-12-31%2023:59',
  from: 1_609_488_000,
  to: 1_641_023_999,
};
/** Begins and ends in the middle of a day. */
const NOONS = {
  query: '&startdate=2021-01-01%2012:00&enddate=2021-12-31%2011:59',
  from: YEAR.from + 43_200,
  to: YEAR.to - 43_200,
};

const NUMBER = { query: '&src=*12*', condition: "src GLOB '*12*'" };
const TALKED = { query: '&minbillsec=60', condition: 'billsec >= 60' };

export const TOTALS_QUESTIONS: readonly Question[] = [
  totals('a year', YEAR, DIMENSIONS, 1),
  totals('a year from noon to noon', NOONS, DIMENSIONS, 1),
  totals('src=*12*', YEAR, DIMENSIONS, 1.5, NUMBER),
  totals('minbillsec=60', YEAR, DIMENSIONS, 1.5, TALKED),
  totals('src=*12*', YEAR, ['day'], 1.5, NUMBER),
  totals('minbillsec=60', YEAR, ['day'], 1.5, TALKED),
  counted(),
];

export const totalsRows = (): Promise<Row[]> => questionRows(TOTALS_QUESTIONS);

function totals(
  what: string,
  { query, from, to }: typeof YEAR,
  by: readonly string[],
  most: number,
  filter = { query: '', condition: 'TRUE' },
): Question {
  const where = `${SHOWN} AND start_at BETWEEN ${from} AND ${to} AND ${filter.condition}`;
  const statements = by.map((dimension) => GROUPED[dimension]?.(where)).join(';\n');
  return {
    name: `30002, ${what}, by ${by.join(', ')} | sqlite3, GROUP BY`,
    most,
    // Five GROUP BYs of the peer take seconds, and hardly differ.
    rounds: by.length > 1 ? ROUNDS.long : ROUNDS.short,
    ours: (stage) => ask(stage, `30002?${query}${filter.query}&by=${by.join(',')}`),
    peer: (store) => command('sqlite3', '-json', store.native, statements),
    same: [(body) => oursOf(body, by), peersOf],
  };
}

/** How many calls there are in all, with the newest hundred: what the report shows first. */
function counted(): Question {
  // Left to itself sqlite3 3.40 counts along the index of starts, with a look into each row: ten times as long.
  const sql = `${REPORT} ${NEWEST} LIMIT 100; SELECT count(*) AS n FROM call NOT INDEXED WHERE ${SHOWN}`;
  return {
    name: '9006, all calls: newest 100 and count | sqlite3',
    most: 1,
    rounds: ROUNDS.short,
    ours: (stage) => ask(stage, `9006?${ALWAYS}&limit=100`),
    peer: (store) => command('sqlite3', '-json', store.native, sql),
    same: rowsAndCount,
  };
}

type Group = Readonly<Record<string, string | number>>;
const lineOf = (by: string, value: unknown, group: Group) =>
  JSON.stringify([by, String(value), ...FIGURES.map((name) => group[name])]);

function oursOf(body: Buffer, by: readonly string[]): string {
  const answer = JSON.parse(body.toString()) as Readonly<Record<string, readonly Group[]>>;
  return by
    .flatMap((name) => (answer[`json_array_${name}`] ?? []).map((group) => lineOf(name, group[name], group)))
    .sort()
    .join('\n');
}

/** A JSON array for each statement that gave rows. */
function peersOf(body: Buffer): string {
  const groups = JSON.parse(`[${body.toString().trim().replaceAll(']\n[', '],[')}]`).flat() as readonly Group[];
  return groups
    .map((group) => lineOf(String(group['by']), group['value'], group))
    .sort()
    .join('\n');
}
