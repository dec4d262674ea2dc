/**
 * What the bench leaves: its rows as JSON, part by part, so that one part can be measured anew without the others; a table
 * for the terminal; and the README's table, which is written between two markers and from the JSON alone.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Row } from './row.ts';

export interface Machine {
  readonly date: string;
  readonly cpu: string;
  readonly memory: string;
  readonly load: string;
  readonly [more: string]: string;
}

export interface PartResult {
  readonly machine: Machine;
  readonly seconds: number;
  readonly rows: readonly Row[];
}

/** Each part's newest measurement. */
export type Result = Readonly<Record<string, PartResult>>;

export function readResult(path: string): Result {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Result) : {};
}

export function writeResult(path: string, result: Result): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(result, null, 2)}\n`);
}

const WORDS = { true: 'met', false: 'MISSED', null: 'NOT THERE', stated: 'stated' } as const;
export const wordOf = ({ met }: Row): string => WORDS[`${met}`];

/** Rows under each other, for the terminal. */
export function plainTable(rows: readonly Row[]): string {
  const width = (of: (row: Row) => string) => Math.max(0, ...rows.map((row) => of(row).length));
  const [name, aim] = [width((row) => row.name), width((row) => row.aim)];
  return rows
    .map((row) => `${row.name.padEnd(name)}  ${wordOf(row).padEnd(9)} ${row.aim.padEnd(aim)} ${row.result}\n`)
    .join('');
}

/** @returns `N passed, N failed`, and how many are not there. */
export function countLine(rows: readonly Row[]): string {
  const count = (met: Row['met']) => rows.filter((row) => row.met === met).length;
  return `${count(true)} passed, ${count(false)} failed${count(null) > 0 ? `, ${count(null)} not there` : ''}`;
}

/** The README's table. @param parts In the order of the rows. */
export function markdown(result: Result, parts: readonly string[]): string {
  const measured = parts.flatMap((part) => result[part] ?? []);
  const rows = measured.flatMap(({ rows }) => rows);
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '·')).join(' | ')} |\n`;
  return [
    machineLine(measured.map(({ machine }) => machine)),
    '\n',
    line(['', 'aim', 'measured', '']),
    '|---|---|---|---|\n',
    ...rows.map((row) => line([row.name, row.aim, shortOf(row), wordOf(row)])),
  ].join('');
}

function machineLine(machines: readonly Machine[]): string {
  const [first] = machines;
  if (!first) return 'Nothing is measured.\n';
  const span = (of: (machine: Machine) => string) => {
    const all = machines.map(of).sort();
    return all[0] === all.at(-1) ? all[0] : `${all[0]} to ${all.at(-1)}`;
  };
  const { date: _, load: __, commit: ___, ...same } = first;
  return `${span(({ date }) => date.slice(0, 10))}, ${Object.values(same).join(', ')}, ${span(({ load }) => load)}.\n`;
}

const shortOf = ({ short, result }: Row) => short ?? result.split(/[:;]/, 1)[0] ?? '';

const BEGIN = '<!-- written by `make bench README=1` -->\n';
const END = '<!-- end of what `make bench README=1` writes -->\n';

/** Puts a table between the markers. @throws when the text lacks them. */
export function betweenMarkers(text: string, table: string): string {
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`the markers are missing: ${BEGIN}`);
  return `${text.slice(0, from)}${BEGIN}\n${table}\n${text.slice(to)}`;
}
