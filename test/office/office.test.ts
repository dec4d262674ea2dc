/**
 * What LibreOffice makes of 9005 with the settings that its import dialog begins with (officecfg, Calc/Dialogs/CSVImport:
 * split at comma, semicolon and tab; no special numbers, no formulas evaluated), so that the README says what is true.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { at, openBox } from '../cgi/box.ts';
import { parseCsv } from '../support/csv.ts';
import { leg } from '../support/legs.ts';

const folder = mkdtempSync(join(tmpdir(), 'cdrd-office-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const NUMBERS = ['+4930123456', '00123', '1620377388.10', '12', '*97', '1-2', '5E3', '(202)', '12:30', '3/4', '-5'];
const NAMES = ['Müller, "Söhne"; x', '=1+1', '@SUM(1)', '+49 30 1', '=HYPERLINK("http://x","y")', '-1+1', 'a\r\nb'];
const TEXTS = [...NUMBERS, ...NAMES];
const START = at('2021-05-07 00:49:48');

const box = openBox({ atEnd: afterAll });
beforeAll(async () => {
  for (const [index, text] of TEXTS.entries())
    await box.call(
      leg(START + index * 10, {
        source: text,
        accountCode: text,
        cidName: text,
        uniqueId: `${START + index * 10}.10`,
        linkedId: null,
      }),
    );
});

/** All cells as text, as LibreOffice shows them. @param filter How it imports; '' = by itself. */
function opened(name: string, text: string, filter = ''): string[][] {
  const file = join(folder, name);
  writeFileSync(file, text);
  const words = ['--headless', '--norestore', `-env:UserInstallation=file://${folder}/profile`];
  if (filter !== '') words.push(`--infilter=CSV:${filter}`);
  // Out as CSV in UTF-8, every cell as it is shown; all its quotes, so that nothing is guessed.
  const out = 'csv:Text - txt - csv (StarCalc):44,34,76,1,,0,true,true,false';
  execFileSync('soffice', [...words, '--convert-to', out, '--outdir', join(folder, 'out'), file], { stdio: 'pipe' });
  return parseCsv(
    readFileSync(join(folder, 'out', name), 'utf8')
      .replace(/^\ufeff/, '')
      .replaceAll(/\r?\n/g, '\r\n'),
  );
}

/** What a column holds, without its name. */
const column = (rows: readonly (readonly string[])[], index: number) => rows.slice(1).map((row) => row[index] ?? '');
const UNIQUE = TEXTS.map((_, index) => `${START + index * 10}.10`);

/** The dialog's settings as filter options. @param columns Their types. @param formulas The tick at `Evaluate formulas`. */
const dialog = (columns = '', formulas = false) =>
  `44/59/9,34,76,1,${columns},0,false,false,false,false,false,0,${formulas}`;

test('text=1 with a tick at Evaluate formulas: no plus, no zero, no digit is lost, and nothing is run', async () => {
  const { text } = await box.send(9005, 'order=asc&bom=1&text=1');
  const rows = opened('text.csv', text, dialog('', true));
  expect(column(rows, 1).slice(0, NUMBERS.length)).toEqual(NUMBERS);
  expect(column(rows, 7).slice(0, NUMBERS.length)).toEqual(NUMBERS);
  expect(column(rows, 13)).toEqual(UNIQUE);
  // What holds a digit is a text constant; of the rest a formula's beginning is guarded by an apostrophe that shows.
  expect(column(rows, 1).slice(NUMBERS.length)).toEqual([
    'Müller, "Söhne"; x',
    '=1+1',
    '@SUM(1)',
    '+49 30 1',
    '\'=HYPERLINK("http://x","y")',
    '-1+1',
    'a\r\nb',
  ]);
});

test('text=1 without that tick shows the formula’s own text: ugly, and nothing lost', async () => {
  const { text } = await box.send(9005, 'order=asc&bom=1&text=1');
  const rows = opened('literal.csv', text, dialog());
  expect(column(rows, 1).slice(0, NUMBERS.length)).toEqual(NUMBERS.map((number) => `="${number}"`));
  expect(column(rows, 13)).toEqual(UNIQUE.map((id) => `="${id}"`));
});

test('the plain file survives where its columns are imported as text, the guard in front of what would run', async () => {
  const { text } = await box.send(9005, 'order=asc');
  const asText = Array.from({ length: 15 }, (_, index) => `${index + 1}/2`).join('/');
  const rows = opened('plain.csv', text, dialog(asText));
  expect(column(rows, 13)).toEqual(UNIQUE);
  expect(column(rows, 1)).toEqual(TEXTS.map((cell) => (/^[=@]|^[+-](?!\d+(\.\d+)?$)/.test(cell) ? `'${cell}` : cell)));
});

test('the plain file, imported by itself, loses what looks like a number but runs nothing', async () => {
  const { text } = await box.send(9005, 'order=asc');
  const rows = opened('default.csv', text, dialog());
  expect(column(rows, 1).slice(0, 3)).toEqual(['4930123456', '123', '1620377388.1']);
  expect(column(rows, 13)).toEqual(UNIQUE.map((id) => id.slice(0, -1)));
  for (const cell of column(rows, 1).slice(NUMBERS.length)) expect(cell).not.toMatch(/^(2|0|1|Err|#)/);
});
