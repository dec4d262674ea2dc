/** The bench's tables: a miss is told as one, the README's table comes from the JSON and stays between its markers. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { betweenMarkers, countLine, type Machine, markdown, plainTable, type Result } from './result.ts';
import type { Row } from './row.ts';

const machine: Machine = { date: '2026-11-27T06:00:00Z', cpu: '2 × Xeon', memory: '24 GiB', load: 'load 0.5' };
const rows: Row[] = [
  { name: 'a | b', result: '0.83 ×: ours 5 ms', aim: '≤ 1.50 × peer', met: true },
  { name: 'memory', result: 'much', short: '+9 MiB', aim: '≤ +8 MiB', met: false },
  { name: 'fan-out', result: 'needs root', aim: 'no worse', met: null },
];
const result: Result = {
  calls: { machine, seconds: 9, rows: rows.slice(0, 2) },
  fanout: { machine: { ...machine, date: '2026-11-28T06:00:00Z', load: 'load 2.0' }, seconds: 1, rows: rows.slice(2) },
  login: { machine, seconds: 1, rows },
};

test('a miss is printed as a miss, and counted', () => {
  expect(plainTable(rows)).toBe(
    [
      'a | b    met       ≤ 1.50 × peer 0.83 ×: ours 5 ms\n',
      'memory   MISSED    ≤ +8 MiB      much\n',
      'fan-out  NOT THERE no worse      needs root\n',
    ].join(''),
  );
  expect(countLine(rows)).toBe('1 passed, 1 failed, 1 not there');
  expect(plainTable([{ name: 'fsyncs', result: '2', aim: '–', met: 'stated' }])).toBe('fsyncs  stated    – 2\n');
  expect(countLine(rows.slice(0, 1))).toBe('1 passed, 0 failed');
});

test("the README's table has the named parts, in their order, with date and machine", () => {
  expect(markdown(result, ['calls', 'fanout', 'none'])).toBe(
    [
      '2026-11-27 to 2026-11-28, 2 × Xeon, 24 GiB, load 0.5 to load 2.0.\n\n',
      '|  | aim | measured |  |\n|---|---|---|---|\n',
      '| a · b | ≤ 1.50 × peer | 0.83 × | met |\n',
      '| memory | ≤ +8 MiB | +9 MiB | MISSED |\n',
      '| fan-out | no worse | needs root | NOT THERE |\n',
    ].join(''),
  );
  expect(markdown({}, ['calls'])).toContain('Nothing is measured.');
});

test('the README has the markers, and what is around them stays', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const written = betweenMarkers(readme, 'rows of the bench\n');
  expect(betweenMarkers(written, 'another\n').replace('another\n', 'rows of the bench\n')).toBe(written);
  expect(written.slice(0, written.indexOf('rows of the bench'))).toContain('## Measured');
  expect(() => betweenMarkers('no markers', 'table')).toThrow('markers are missing');
});
