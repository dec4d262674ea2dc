/** Reads rights.txt: sections in capitals, each a table whose columns are as far apart as two blanks. */
import { readFileSync } from 'node:fs';

export const MAY = ['anybody', 'both', 'admin'] as const;
export type May = (typeof MAY)[number];

/** The lines of a section, each by the names in its head. @throws when there is none of that name. */
export function sectionOf<const Column extends string>(
  file: string,
  name: string,
  ...columns: readonly Column[]
): Record<Column, string>[] {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8');
  const [, body] = new RegExp(`^${name}\n((?:  .*\n)+)`, 'm').exec(text) ?? [];
  if (body === undefined) throw new Error(`${file} has no ${name}`);
  const [head = [], ...rows] = body.split('\n').map((line) => line.trim().split(/ {2,}/));
  return rows
    .filter(([first]) => first !== '')
    .map((cells) => {
      const row = Object.fromEntries(columns.map((column) => [column, cells[head.indexOf(column)] ?? '']));
      if (Object.values(row).includes('')) throw new Error(`${file}, ${name}: a cell is missing in ${cells.join(' ')}`);
      return row as Record<Column, string>;
    });
}

const section = <const Column extends string>(name: string, ...columns: readonly Column[]) =>
  sectionOf('./rights.txt', name, ...columns);

function mayOf(text: string): May {
  const may = MAY.find((each) => each === text);
  if (!may) throw new Error(`rights.txt: ${text} is not one of ${MAY.join(', ')}`);
  return may;
}

export interface Rule {
  readonly may: May;
  /** null: none is asked for. */
  readonly right: string | null;
}

const ruleOf = ({ may, right }: { readonly may: string; readonly right: string }): Rule => ({
  may: mayOf(may),
  right: right === '-' ? null : right,
});

export const NUMBERS: ReadonlyMap<number, Rule> = new Map(
  section('NUMBERS', 'number', 'may', 'right').map((row) => [Number(row.number), ruleOf(row)]),
);

export const PATHS: ReadonlyMap<string, Rule & { readonly key: number | 'never' | 'any' }> = new Map(
  section('PATHS', 'path', 'may', 'right', 'key').map((row) => [
    row.path,
    { ...ruleOf(row), key: row.key === 'never' || row.key === 'any' ? row.key : Number(row.key) },
  ]),
);

/** Addresses of the pages, who may have them. */
export const PAGES: ReadonlyMap<string, May> = new Map(
  section('PAGES', 'path', 'may').map(({ path, may }) => [path, mayOf(may)]),
);

/** How an asker is answered, by who may. */
export const ASKERS: ReadonlyMap<string, Readonly<Record<May, string>>> = new Map(
  section('ASKERS', 'asker', ...MAY).map(({ asker, ...answers }) => [asker, answers]),
);

/** Which keys may be given a scope, and which role has it without one: admin or nobody. */
export const SCOPES: ReadonlyMap<string, { readonly may: May; readonly person: string }> = new Map(
  section('SCOPES', 'scope', 'may', 'person').map(({ scope, may, person }) => [scope, { may: mayOf(may), person }]),
);

export const SETTINGS: ReadonlyMap<string, May> = new Map(
  section('SETTINGS', 'setting', 'may').map(({ setting, may }) => [setting, mayOf(may)]),
);
