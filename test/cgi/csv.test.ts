/** CSV out and in: what a spreadsheet would run, what comes back, and which line is at fault. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { csvLine, csvRows, guarded, unguarded } from '../../cgi/csv.ts';

describe('the guard against formulas', () => {
  test.each([
    ['=1+1', "'=1+1"],
    ['=HYPERLINK("http://x")', '\'=HYPERLINK("http://x")'],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t=1"],
    ['\r=1', "'\r=1"],
    ['\n=1', "'\n=1"],
    ['\uff1d1+1', "'\uff1d1+1"],
    ['\uff20SUM(1)', "'\uff20SUM(1)"],
    ['\uff0b1', "'\uff0b1"],
    ['\uff0d1', "'\uff0d1"],
    ["'\uff1d1", "''\uff1d1"],
    ['\uff11', '\uff11'],
    ['+1+cmd', "'+1+cmd"],
    ['-1-1', "'-1-1"],
    ['+', "'+"],
    ['+4930123\n=1', "'+4930123\n=1"],
    ["'=1", "''=1"], // or it would come back as =1
    ['+4930123', '+4930123'],
    ['-5', '-5'],
    ['-5.25', '-5.25'],
    ['1620377388.28', '1620377388.28'],
    ['*97', '*97'],
    ["O'Neil", "O'Neil"],
    ["'s Hertogenbosch", "'s Hertogenbosch"],
    ["'+49", "'+49"],
    ['', ''],
  ])('%j goes out as %j and comes back', (text, cell) => {
    expect(guarded(text)).toBe(cell);
    expect(unguarded(cell)).toBe(text);
  });

  test('any text comes back, and none goes out that a spreadsheet would run', () => {
    const cell = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom("'", '=', '+', '-', '@', '\t', '\n', '\uff1d', '1', '"', ',') }),
    );
    fc.assert(
      fc.property(cell, (text) => {
        const out = guarded(text);
        expect(unguarded(out)).toBe(text);
        expect(out).not.toMatch(/^[=@\t\r]/);
        if (/^[+-]/.test(out)) expect(out).toMatch(/^[+-]\d+([.,]\d+)?$/);
      }),
    );
  });
});

describe('lines and rows', () => {
  test('are quoted by RFC 4180', () => {
    expect(csvLine(['202', 'Meyer, "Jo"', ''])).toBe('202,"Meyer, ""Jo""",\r\n');
    expect(csvLine(['a;b', 'c', ' d'], ';')).toBe('"a;b";c; d\r\n');
  });

  test('any cells come back', () => {
    const unit = fc.constantFrom('a', '"', ',', ';', '\r', '\n', "'", '=', ' ', 'é');
    const cells = fc.array(fc.string({ unit }), { minLength: 2, maxLength: 4 });
    fc.assert(
      fc.property(
        fc.array(cells, { maxLength: 4 }),
        fc.constantFrom(',' as const, ';' as const),
        (lines, delimiter) => {
          const rows = [...csvRows(lines.map((line) => csvLine(line, delimiter)).join(''), delimiter)];
          expect(rows.map((row) => row.cells)).toEqual(lines);
          expect(rows.every(({ fault }) => fault === '')).toBe(true);
        },
      ),
    );
  });

  test('a row knows its line, also after line breaks inside quotes, empty lines and every kind of line end', () => {
    const rows = [...csvRows('\ufeffa,b\r\n"x\ny",1\n\n\rc,"d""e"')];
    expect(rows).toEqual([
      { line: 1, cells: ['a', 'b'], fault: '' },
      { line: 2, cells: ['x\ny', '1'], fault: '' },
      { line: 6, cells: ['c', 'd"e'], fault: '' },
    ]);
  });

  test('a quote out of place is a fault of its line, and the next line is read', () => {
    const rows = [...csvRows('a,b"c,d\n"e"f,g\nh,i\n"j,k')];
    expect(rows.map(({ line, fault }) => [line, fault !== ''])).toEqual([
      [1, true],
      [2, true],
      [3, false],
      [4, true],
    ]);
  });

  test('a megabyte of quotes or commas comes to an end', () => {
    for (const text of ['"'.repeat(1_000_001), '",'.repeat(500_000), ','.repeat(1_000_000)])
      expect([...csvRows(text)].length).toBeGreaterThan(0);
  });
});
