/**
 * SECURITY.md claims nothing that isn't there: the files, numbers and sections that it names exist, and of each checklist
 * every line is answered, once.
 */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { TABLE } from '../../cgi/table.ts';

const ROOT = new URL('../../', import.meta.url);
const textOf = (file: string) => readFileSync(new URL(file, ROOT), 'utf8');
const POLICY = textOf('SECURITY.md');
const README = textOf('README.md');
const MAKEFILE = textOf('Makefile');

/** The cells of the tables under a heading, a row each, heads left out. */
function rowsUnder(heading: string): string[][] {
  const [, body = ''] = new RegExp(`^### ${heading}.*\n([^]*?)(?=^##|$(?![^]))`, 'm').exec(POLICY) ?? [];
  const rows = body.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

const numbered = (clause: string, ...numbers: readonly (number | string)[]) =>
  numbers.map((number) => `${clause}-${number}`);

/** ETSI EN 303 645 V3.1.3, table B.1. */
const PROVISIONS = [
  '5.0-1',
  ...numbered('5.1', 1, 2, '2A', 3, 4, 5),
  ...numbered('5.2', 1, 2, 3),
  ...numbered('5.3', 1, 2, 3, '4A', '4B', 5, '6A', '6B', 7, 8, 9, 10, 11, 12, 13, 14, '15A', '15B', 16),
  ...numbered('5.4', 1, 2, 3, 4),
  ...numbered('5.5', 1, 2, 3, 4, 5, 6, 7, 8),
  ...numbered('5.6', 1, 2, 3, '4A', '4B', 5, 6, 7, 8, 9),
  ...numbered('5.7', 1, 2),
  ...numbered('5.8', 1, 2, 3),
  ...numbered('5.9', 1, 2, 3),
  '5.10-1',
  ...numbered('5.11', 1, 2, 3, 4),
  ...numbered('5.12', 1, 2, 3),
  ...numbered('5.13', '1A', '1B'),
  ...numbered('6', 1, 2, '3A', '3B', 4, 5, 6, 7, 8),
];

/** Regulation (EU) 2024/2847, Annex I. */
const CRA = [
  ...['I (1)', 'I (2) a', ...'bcdefghijklm'],
  ...['II (1)', ...[2, 3, 4, 5, 6, 7, 8].map((number) => `(${number})`)],
];

const ANSWERS = ['yes', 'part', 'maker', 'yes, maker', '–', 'no'];

describe('SECURITY.md', () => {
  test('names files that are there', () => {
    const named = [...POLICY.matchAll(/`((?:cgi|daemon|storage|test|etc|\.ci)\/[^`*\s]*|package-lock\.json)`/g)].map(
      ([, path]) => path ?? '',
    );
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter((path) => !existsSync(new URL(path, ROOT)))).toEqual([]);
  });

  test('names numbers, targets and sections that are there', () => {
    const numbers = [...POLICY.matchAll(/\b(8404|9\d{3}|[23]00\d\d)\b/g)].map(([number]) => Number(number));
    expect(new Set(numbers).size).toBeGreaterThan(5);
    expect(numbers.filter((number) => !Object.hasOwn(TABLE, number))).toEqual([]);
    const targets = [...POLICY.matchAll(/`make ([a-z-]+)/g)].map(([, target]) => target ?? '');
    expect(targets.filter((target) => !MAKEFILE.includes(`\n${target}:`))).toEqual([]);
    const sections = [...POLICY.matchAll(/README, ((?:\*[^*]+\*(?:, )?)+)/g)].flatMap(([, list = '']) =>
      [...list.matchAll(/\*([^*]+)\*/g)].map(([, name]) => name ?? ''),
    );
    expect(sections.length).toBeGreaterThan(5);
    expect(sections.filter((name) => !new RegExp(`^(#+ |\\*\\*)${name}`, 'm').test(README))).toEqual([]);
  });

  test.each([
    ['ETSI EN 303 645', PROVISIONS, 2],
    ['UK PSTI', ['1', '2', '3'], 1],
    ['EU CRA', CRA, 2],
  ] as const)('answers every line of %s', (heading, expected, answer) => {
    const rows = rowsUnder(heading);
    const firsts = rows.flatMap(([first = '']) => (heading === 'UK PSTI' ? [first.slice(0, 1)] : first.split(', ')));
    expect(firsts).toEqual(expected);
    for (const row of rows) {
      expect(ANSWERS, row.join(' | ')).toContain(row[answer]);
      // What is done here says where; what isn't says nothing or why.
      if (row[answer] === 'yes' || row[answer] === 'part') expect(row[answer + 1], row.join(' | ')).not.toBe('');
    }
  });

  test('says of everybody what they can and cannot do, by what, and where it is shown', () => {
    const headings = [...POLICY.slice(POLICY.indexOf('## Who can do what')).matchAll(/^### (.*)$/gm)].map(
      ([, name]) => name ?? '',
    );
    for (const heading of headings.slice(
      0,
      headings.findIndex((name) => name.startsWith('ETSI')),
    ))
      for (const [can, cannot, by, shown] of rowsUnder(heading)) {
        expect([heading, can, cannot]).not.toEqual([heading, '', '']);
        if (cannot !== '') expect([heading, cannot, by, shown]).not.toContain('');
      }
  });

  test('has lines of one length, but for its tables', () => {
    const long = POLICY.split('\n').filter((line) => line.length > 130 && !line.startsWith('|'));
    expect(long).toEqual([]);
  });
});
