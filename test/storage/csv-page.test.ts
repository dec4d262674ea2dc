/** Pages of CSV as bytes: the same lines as cell by cell, whatever the cells hold, and memory that is given back. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { letGo } from '../../storage/let-go.ts';
import { csvCell } from '../../storage/model/csv-cell.ts';
import { csvPage, csvTextCell } from '../../storage/sql/csv-page.ts';
import { bytesOf } from '../support/page.ts';

/** As SQL joins them: FF between two cells, FE and a line feed behind each row. */
function joined(rows: readonly (readonly string[])[]): Uint8Array<ArrayBuffer> {
  const parts = rows.flatMap((row) => [
    ...row.flatMap((cell, index) => [...(index > 0 ? [Buffer.of(0xff)] : []), Buffer.from(cell)]),
    Buffer.of(0xfe, 0x0a),
  ]);
  return new Uint8Array(Buffer.concat(parts));
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8');
const written = (rows: readonly (readonly string[])[], delimiter: ',' | ';', write = csvCell, every = false) =>
  text(
    csvPage(
      joined(rows),
      (rows[0] ?? []).map(() => write),
      delimiter,
      every,
    ),
  );
const cellByCell = (rows: readonly (readonly string[])[], delimiter: string, write = csvCell) =>
  rows.map((row) => `${row.map(write).join(delimiter)}\r\n`).join('');

const cell = fc.oneof(
  fc.constantFrom('', '202', '+4930123', '-5', '+1.5', '+1.', '+.5', '-1-2', '+', '=1+1', '@x', '1620377388.10'),
  fc.constantFrom(
    '\uff1d1',
    '\n=1',
    '\uff0b',
    '\ufeffx',
    '\ufffd',
    'ÿþ',
    '\x1f\x1e\x01',
    'a,b',
    'a;b',
    '"',
    '\r\n',
    '\t',
    "'=",
    '日本😀',
  ),
  fc.string({ unit: 'grapheme', maxLength: 8 }),
);

test('each row is written as its cells are, one by one', () => {
  const page = fc
    .integer({ min: 1, max: 6 })
    .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { maxLength: 12 }));
  fc.assert(
    fc.property(page, fc.constantFrom(',' as const, ';' as const), (rows, delimiter) => {
      expect(written(rows, delimiter)).toBe(cellByCell(rows, delimiter));
      expect(written(rows, delimiter, csvTextCell, true)).toBe(cellByCell(rows, delimiter, csvTextCell));
    }),
    { numRuns: 2_000 },
  );
});

test('rows that grow to many times their length find room', () => {
  const rows = Array.from({ length: 500 }, () => ['"'.repeat(200), '\u20ac,'.repeat(50)]);
  expect(written(rows, ',')).toBe(cellByCell(rows, ','));
});

test('where no cell wants care the page stays in its own memory', () => {
  const bytes = joined([
    ['202', '+4930123'],
    ['-5', '+1.5'],
  ]);
  const page = csvPage(bytes, [csvCell, csvCell], ',', false);
  expect(page).toBe(bytes);
  expect(text(page)).toBe('202,+4930123\r\n-5,+1.5\r\n');
});

test('what was rewritten leaves no old memory behind', () => {
  const bytes = joined([['a,b']]);
  expect(text(csvPage(bytes, [csvCell], ',', false))).toBe('"a,b"\r\n');
  expect(bytes.buffer.byteLength).toBe(0);
});

test('memory that is let go is free at once, and letting it go again is nothing', () => {
  const before = process.memoryUsage().arrayBuffers;
  for (let round = 0; round < 1_000; round++) {
    const bytes = new Uint8Array(1_048_576);
    letGo(bytes);
    letGo(bytes);
    expect(bytes.length).toBe(0);
  }
  // A gigabyte otherwise, until the collector comes.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1_048_576);
  letGo(bytesOf(''));
});
