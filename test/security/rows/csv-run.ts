import { parseCsv } from '../../support/csv.ts';
import { STRANGERS } from '../box.ts';
import type { Row } from '../row.ts';

const EVER = { startdate: '2020-01-01 00:00', enddate: '2030-01-01 00:00' };

export const csvRun: Row = {
  name: 'csv-run',
  flaws: [],
  no: 'cell of a CSV that a spreadsheet runs, and no caller’s name that makes a cell or a row of its own',
  async attempt(box, tally) {
    const token = box.tokens.admin;
    for (const [index, name] of ['=1+1', '@SUM(1)', '+1+cmd', '-1+cmd'].entries()) {
      const put = await box.number(30014, { number: `99${index}`, name, group: name }, { token });
      tally.works(put.status === 200, `the contact ${name}: ${put.status} ${put.body}`);
    }
    let cells = 0;
    for (const [number, more] of [
      [9005, EVER],
      [9005, { ...EVER, delimiter: ';' }],
      [9005, { ...EVER, bom: '1' }],
      [9006, { ...EVER, format: 'csv' }],
      [30013, { format: 'csv' }],
      [30029, { ...EVER, kind: 'match', format: 'csv' }],
    ] as const) {
      const answer = await box.number(number, more, { token });
      tally.works(answer.status === 200, `${number} as CSV: ${answer.status} ${answer.body.slice(0, 80)}`);
      const rows = parseCsv(answer.body.replace(/^\uFEFF/, ''), 'delimiter' in more ? more.delimiter : ',');
      const columns = rows[0]?.length;
      for (const row of rows) {
        tally.tried(row.length === columns, `${number} has a row of ${row.length} cells, not ${columns}: ${row}`);
        for (const cell of row) {
          cells++;
          // As a spreadsheet decides; blanks in front of it save nobody.
          const runs =
            /^\s*[=@]/.test(cell) ||
            /^[\t\r\n]/.test(cell) ||
            (/^\s*[+-]/.test(cell) && !/^[+-]\d+(\.\d+)?$/.test(cell));
          tally.tried(!runs, `${number} has the cell ${JSON.stringify(cell)}`);
        }
      }
    }
    // With text=1 cells are formulas on purpose: of nothing but a text in quotes.
    const asText = await box.number(9005, { ...EVER, text: '1' }, { token });
    for (const row of parseCsv(asText.body))
      for (const cell of row)
        tally.tried(!/^[\s]*[=@+-]/.test(cell) || /^="([^"]|"")*"$/.test(cell), `9005 text=1 has ${cell}`);
    tally.works(cells > STRANGERS.length * 15, `${cells} cells to be looked at`);
    await box.number(30015, { numbers: '990,991,992,993' }, { token });
  },
};
