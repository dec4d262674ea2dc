/** CSV: Asterisk's records, the phone book, and what goes out to spreadsheets. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { csvContact, csvHeader, readContacts } from '../../../cgi/contact/contact.ts';
import { csvLine, csvRows, guarded, unguarded } from '../../../cgi/csv.ts';
import { CgiError } from '../../../cgi/reply.ts';
import { CsvLineError, legOfCsvLine, lineReader, splitCsvLine } from '../../../daemon/asterisk/cdr-csv.ts';
import { BEGINNING, batchesOf, filesOf, hasWhatWasRead, signatureOf } from '../../../daemon/asterisk/csv-file.ts';
import { csvCell, isFormula } from '../../../storage/model/csv-cell.ts';
import { zone } from '../../../storage/model/local-time.ts';
import { choicesOf, holds, orRefused, ownFolder, same, type Target, utf8 } from '../target.ts';
import { isLeg } from './packets.ts';

const HERE = zone('Etc/GMT+8');
const WORDS = [
  '"',
  '""',
  ',',
  ';',
  '\r\n',
  '\n',
  '\t',
  "'",
  '=',
  '@',
  '+1',
  '-1',
  '=cmd|',
  '\ufeff',
  'number,name,group\r\n',
  'ANSWERED',
].concat([
  '"2021-05-07 00:05:02"',
  '1620374702.7',
  '1620374702.123456',
  '0.000000',
  '\\N',
  'NULL',
  'calldate,uniqueid,channel,disposition\n',
]);

/** A first line, which may have the names, and a line. */
const cdrCsv: Target = {
  name: 'cdr-csv',
  words: WORDS,
  run(input) {
    const [first = '', second = ''] = utf8(input).split('\n', 2);
    const reader = lineReader(first, HERE);
    for (const line of [first, second]) {
      for (const read of [reader, (text: string) => legOfCsvLine(text, HERE)]) {
        const leg = orRefused(() => read(line), CsvLineError);
        if (leg) isLeg(leg);
      }
      const fields = orRefused(() => splitCsvLine(line), CsvLineError);
      if (!fields) continue;
      // As cdr_csv.c quotes them.
      const written = fields.map((field) => `"${field.replaceAll('"', '""')}"`).join(',');
      same(splitCsvLine(written), fields, 'quoted again');
      // Without quotes inside bare fields, another reader takes the line the same way.
      if (line !== '' && !/[\r\t]|[^,]"(?!["\r,])|^\ufeff/.test(line) && !fields.some((field) => /["']/.test(field))) {
        const [row] = csvRows(line);
        if (row && row.fault === '') same(row.cells, fields, 'as any CSV');
      }
    }
  },
};

let folder = '';

/** A whole file as a power cut, a rotation or a stranger may leave it. */
const csvFile: Target = {
  name: 'csv-file',
  max: 4_000,
  share: 3,
  words: [...WORDS, '\0', '\0\0\0\0', '\0\n'],
  async run(input) {
    if (folder === '') folder = ownFolder();
    const path = join(folder, 'Master.csv');
    writeFileSync(path, input);
    const [file] = await filesOf(path);
    if (!file) throw new Error('the file has gone');
    const lines = input.toString('latin1').split('\n').length - 1;
    const signature = await signatureOf(file);
    same(signature === null, lines === 0, 'a complete line has a signature');
    const positions = [];
    let records = 0;
    let last = BEGINNING;
    for await (const batch of batchesOf(file, signature ?? '', BEGINNING, HERE)) {
      holds(batch.offset > last.offset && batch.line > last.line, 'each batch goes on', batch.offset);
      for (const leg of batch.legs) isLeg(leg);
      for (const { reason, text } of batch.faults)
        holds(reason !== '' && text.length <= 2_000, 'why it is no record', reason);
      records += batch.legs.length;
      last = batch;
      positions.push(batch);
      holds(await hasWhatWasRead(file, batch), 'it has what was read of it');
    }
    same([last.offset, last.line], [input.lastIndexOf(10) + 1, lines], 'read up to the last line end');
    // From any position on the rest comes, and nothing twice.
    if (positions.length === 0) return;
    const from = choicesOf(input).pick(positions);
    let rest = 0;
    for await (const batch of batchesOf(file, signature ?? '', from, HERE)) rest += batch.legs.length;
    const before = positions.slice(0, positions.indexOf(from) + 1).reduce((sum, { legs }) => sum + legs.length, 0);
    same(before + rest, records, 'each record once');
  },
};

/** A book as somebody sends it. */
const phoneBook: Target = {
  name: 'phone-book',
  share: 40,
  words: [...WORDS, 'number;name\n', '200,', 'Zoë', '+4930', '620(102)', 'group'],
  async run(input) {
    const text = utf8(input);
    for (const row of csvRows(text)) holds(row.line >= 1 && (row.fault !== '' || row.cells.length > 0), 'a row', row);
    let contacts: Awaited<ReturnType<typeof readContacts>>;
    try {
      contacts = await readContacts(text);
    } catch (error) {
      if (!(error instanceof CgiError)) throw error;
      same([error.code, error.parameter], ['invalid', 'csv'], 'a book at fault');
      holds(error.message.length < 5_000, 'the answer is short', error.message.length);
      return;
    }
    same(new Set(contacts.map(({ number }) => number)).size, contacts.length, 'a number once');
    for (const { number, name, group } of contacts)
      holds(number !== '' && name !== '' && !/[\r\n\0]/.test(number + name + group), 'a contact', {
        number,
        name,
        group,
      });
    // What goes out comes in.
    same(await readContacts(csvHeader + contacts.map(csvContact).join('')), contacts, 'as it goes out');
  },
};

/** Cells, parted by a NUL, as they go into a CSV. */
const csvOut: Target = {
  name: 'csv-out',
  share: 60,
  max: 500,
  words: WORDS,
  run(input) {
    const cells = utf8(input).split('\0');
    for (const delimiter of [',', ';'] as const) {
      const line = csvLine(cells, delimiter);
      holds(line.endsWith('\r\n'), 'a line has its end');
      // Behind a cell of its own, so that an empty one alone is a row too.
      const rows = [...csvRows(`""${delimiter}${line}`, delimiter)];
      same(rows.length, 1, 'one line is one row, whatever stands in it');
      same(rows[0]?.fault, '', 'its quotes pair up');
      same(rows[0]?.cells.slice(1), cells, 'the same cells');
      // Whichever way a spreadsheet splits it, no cell runs.
      for (const cell of looseCells(line, delimiter)) holds(!isFormula(cell), 'no cell runs', { cell, line });
    }
    for (const cell of cells) {
      same(unguarded(guarded(cell)), cell, 'the guard comes off again');
      holds(!isFormula(guarded(cell)), 'a guarded cell never runs', cell);
      const [stored = ''] = looseCells(csvCell(cell), ',');
      holds(!isFormula(stored), "a cell of the store's own never runs", cell);
    }
  },
};

/** As a spreadsheet takes the cells of a line: quotes off. */
function looseCells(line: string, delimiter: ',' | ';'): string[] {
  const cells: string[] = [];
  let cell = '';
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    const char = line[at] ?? '';
    if (quoted) {
      if (char !== '"') cell += char;
      else if (line[at + 1] === '"') cell += line[++at];
      else quoted = false;
    } else if (char === '"' && cell === '') quoted = true;
    else if (char === delimiter || char === '\t' || (char === '\r' && line[at + 1] === '\n') || char === '\n') {
      cells.push(cell);
      cell = '';
      if (char === '\r') at++;
    } else cell += char;
  }
  return cell === '' ? cells : [...cells, cell];
}

export const csvTargets: readonly Target[] = [cdrCsv, csvFile, phoneBook, csvOut];
