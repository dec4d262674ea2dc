/**
 * Calls of a number or a part of one: the newest hundred and how many there are, as a page of the report shows them. The
 * native sqlite3 has the same tables and the same indexes: an exact number is found by its index, and so is what begins with
 * figures; of a part every call is looked at.
 */
import { command } from './measure.ts';
import { type Question, questionRows } from './question.ts';
import type { Row } from './row.ts';
import { ALWAYS, ask, NEWEST, REPORT, ROUNDS, rowsAndCount, SHOWN } from './stage.ts';

/** An exact number has an index in both. */
const EXACT = 2;
/** Of a part, by how many figures stand in a row. */
const [SELECTIVE, SHORT] = [0.2, 3];

/** @param text Of `src`, as 9006 takes it. @param what For people. */
function newest(text: string, what: string, most: number): Question {
  const matching = /[*?]/.test(text) ? `src GLOB '${text}'` : `src = '${text}'`;
  // Left to itself sqlite3 3.40 goes along the index of starts, with a look into each row: seven times as long as the table.
  const table = text.startsWith('*') ? 'call NOT INDEXED' : 'call';
  return {
    name: `9006, src=${text}, ${what}: newest 100 and count | sqlite3`,
    most,
    rounds: ROUNDS.short,
    ours: (stage) => ask(stage, `9006?${ALWAYS}&src=${encodeURIComponent(text)}&limit=100`),
    peer: ({ native }) =>
      command(
        'sqlite3',
        '-json',
        native,
        `${REPORT} AND ${matching} ${NEWEST} LIMIT 100; SELECT count(*) AS n FROM ${table} WHERE ${SHOWN} AND ${matching}`,
      ),
    same: rowsAndCount,
  };
}

/** Of a million calls the first has 31,601 of them, the second 6. */
export const frequentNumber = newest('200', 'an exact number, frequent', EXACT);
export const rareNumber = newest('+491712345792', 'an exact number, rare', EXACT);
export const rarePart = newest('*12345*', 'a rare part', SELECTIVE);
export const shortPart = newest('*12*', '48,014 hits', SHORT);
export const endsOfNumber = newest('1*9', 'both ends', SHORT);
export const frequentPart = newest('*49171*', '30,130 hits', SELECTIVE);

const QUESTIONS = [frequentNumber, rareNumber, rarePart, shortPart, endsOfNumber, frequentPart];

export const searchRows = (): Promise<Row[]> => questionRows(QUESTIONS);
