/** MOR's PDF: a file whose every object lies where its table says, whatever the texts are; programs that read PDFs agree. */
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { PDF_TABLE_WIDTH, type PdfTable, pdfTable } from '../../cgi/dialect/mor/pdf.ts';
import { temporaryFolder } from '../support/folder.ts';

const TABLE: PdfTable = {
  title: 'Calls of Jörg (Sales) \\ 50%',
  about: ['2026-03-01 00:00:00 to 2026-03-31 23:59:59'],
  columns: [
    { name: 'Date', width: 110 },
    { name: 'Called from', width: PDF_TABLE_WIDTH - 170 },
    { name: 'Duration', width: 60, right: true },
  ],
};

async function pdfOf(rows: readonly (readonly string[])[], closing: readonly string[] = []): Promise<Buffer> {
  async function* some() {
    for (let at = 0; at === 0 || at < rows.length; at += 40) yield rows.slice(at, at + 40);
  }
  const pieces: Uint8Array[] = [];
  const told = (replaced: boolean) => [...closing, ...(replaced ? ['some are ?'] : [])];
  for await (const piece of pdfTable(TABLE, some(), told)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Objects by number, each found by its offset alone. */
function objectsOf(file: Buffer): Map<number, string> {
  const text = file.toString('latin1');
  expect(text).toMatch(/^%PDF-1\.4\n%[\x80-\xff]{4}\n/);
  const [, at] = /startxref\n(\d+)\n%%EOF\n$/.exec(text) ?? [];
  const table = text.slice(Number(at));
  const [, count] = /^xref\n0 (\d+)\n0000000000 65535 f \n/.exec(table) ?? [];
  const lines = table.split('\n').slice(3, 2 + Number(count));
  expect(lines.every((line) => /^\d{10} 00000 n $/.test(line))).toBe(true);
  expect(table).toContain(`trailer\n<< /Size ${count} `);
  return new Map(
    lines.map((line, index) => {
      const object = text.slice(Number(line.slice(0, 10)));
      const begin = `${index + 1} 0 obj\n`;
      expect(object.startsWith(begin)).toBe(true);
      const body = object.slice(begin.length, object.indexOf('\nendobj\n'));
      const [, length] = /^<< \/Length (\d+) >>\nstream\n/.exec(body) ?? [];
      if (length !== undefined) expect(body.replace(/^.*\nstream\n/, '').indexOf('\nendstream')).toBe(Number(length));
      return [index + 1, body];
    }),
  );
}

const ROWS = Array.from({ length: 130 }, (_, index) => [`2026-03-01 10:00:${index % 60}`, `${index}`, '00:00:36']);

test('each object lies where the table says; each page has the head and its number', async () => {
  const objects = objectsOf(await pdfOf(ROWS, ['Only the newest are told']));
  const pages = [...objects.values()].filter((body) => body.startsWith('<< /Type /Page /'));
  const streams = [...objects.values()].filter((body) => body.startsWith('<< /Length'));
  expect(pages).toHaveLength(3);
  expect(streams).toHaveLength(3);
  expect(objects.get(2)).toBe('<< /Type /Pages /Count 3 /Kids [7 0 R 9 0 R 11 0 R] >>');
  for (const [index, stream] of streams.entries()) {
    expect(stream).toContain('(Called from) Tj');
    expect(stream).toContain(`(Page ${index + 1}) Tj`);
  }
  const cells = streams.flatMap((stream) => [...stream.matchAll(/\((\d+)\) Tj/g)].map(([, cell]) => Number(cell)));
  expect(cells).toEqual(ROWS.map((_, index) => index));
  expect(streams[2]).toContain('(Only the newest are told) Tj');
});

test('no rows: a page with the head alone', async () => {
  const objects = objectsOf(await pdfOf([]));
  expect(objects.get(2)).toContain('/Count 1 ');
});

test('what a string of PDF must not hold is escaped, what the font lacks is told', async () => {
  const written = async (text: string) =>
    /\((2026)\).*\n.*Td \((.*)\) Tj/.exec((await pdfOf([['2026', text]])).toString('latin1'))?.[2];
  expect(await written('a(b)\\c')).toBe('a\\(b\\)\\\\c');
  expect(await written('Müller – 5 €')).toBe('M\\374ller \\226 5 \\200');
  expect(await written('Nováček')).toBe('Nov\\341cek');
  expect(await written('e\u0301')).toBe('\\351');
  expect(await written('Мария\u0000\n\ud800😀')).toBe('?????????');
  expect(await written(`${'m'.repeat(90)}`)).toMatch(/^m{40,60}\\205$/);
  expect((await pdfOf([['', 'Мария']])).toString('latin1')).toContain('(some are ?) Tj');
  expect((await pdfOf([['', 'Maria']])).toString('latin1')).not.toContain('some are');
});

test('no text breaks the file', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.string({ unit: 'binary', maxLength: 60 }), { maxLength: 3 })),
      async (rows) => {
        objectsOf(await pdfOf(rows));
      },
    ),
    { numRuns: 30 },
  );
});

test('programs that read PDFs take it', async ({ skip }) => {
  const missing = ['qpdf', 'pdftotext'].filter((name) => spawnSync(name, ['--version']).error);
  if (missing.length > 0) skip(`${missing.join(' and ')} not on this machine`);
  const file = `${temporaryFolder(onTestFinished)}/calls.pdf`;
  writeFileSync(file, await pdfOf([...ROWS, ['2026-03-02', 'Müller (5 €)', '']], ['That is all']));
  expect(execFileSync('qpdf', ['--check', file], { encoding: 'utf8' })).toContain(
    'No syntax or stream encoding errors',
  );
  const text = execFileSync('pdftotext', ['-layout', '-enc', 'UTF-8', file, '-'], { encoding: 'utf8' });
  for (const part of ['Calls of Jörg (Sales) \\ 50%', 'Müller (5 €)', 'That is all', 'Page 3'])
    expect(text).toContain(part);
  expect(text.match(/Called from/g)).toHaveLength(3);
});
