/**
 * Rows as text, a line each, made in SQL: as a JSON object, a line of CSV or an XML element. The caller's names are bound
 * or checked, its columns are ours; nothing of a request gets into the text of a statement.
 */
import type { CsvFormat, Format } from '../filter.ts';
import { csvCell } from '../model/csv-cell.ts';
import type { Bind } from './database.ts';

/** A cell of the row: the wire's name of it, and the SQL that gives its text. */
export interface Cell {
  readonly name: string;
  /** A column of the subquery that gives the row. */
  readonly sql: string;
  /** What that column is made of. */
  readonly value: string;
  /** It holds only figures and words of our own: nothing in it wants quoting. */
  readonly plain: boolean;
}

export interface Line {
  /** An expression that gives a row's text. */
  readonly sql: string;
  readonly binds: readonly Bind[];
  /** Another column that the subquery must give: name and value. */
  readonly also?: readonly [name: string, value: string];
  /** What stands between two rows. */
  readonly separator: string;
  /** Completes the text of many rows. */
  readonly finish: (text: string) => string;
}

/** How each row's text is made in a format. @throws for a name that can't be an XML element's. */
export function lineOf(format: Format, cells: readonly Cell[]): Line {
  if (typeof format === 'object') return csvLine(cells, format);
  switch (format) {
    case 'json':
      return {
        sql: `json_object(${cells.map(({ sql }) => `?, ${sql}`).join(', ')})`,
        binds: cells.map(({ name }) => name),
        separator: ',',
        finish: (text) => text,
      };
    case 'xml':
      return {
        sql: `concat(${cells.map((cell) => `?, ${xmlCell(cell)}`).join(', ')}, ?)`,
        binds: tagsBetween(cells.map(({ name }) => xmlName(name))),
        separator: '\n',
        finish: (text) => text.replace(NOT_XML, '\ufffd'),
      };
  }
}

/** Characters that Excel takes in a text constant of a formula. */
const CONSTANT_MAX = 255;

/**
 * The same for a spreadsheet that would take `+4930…`, `00123` or `1620377388.10` for numbers and lose the plus, the zeros:
 * as a formula that is a text constant, out of which nothing breaks because its quotes are doubled.
 */
export function csvTextCell(text: string): string {
  if (!/\d/.test(text) || text.length > CONSTANT_MAX) return csvCell(text);
  return `"=""${text.replaceAll('"', '""""')}"""`;
}

/** Between two cells and between two rows on their way from SQL; and before a row in which a cell holds one of these. */
const UNIT = '\x1f';
const ROW = '\x1e';
const MARK = '\x01';
/** Reading a text, this build of SQLite drops a byte order mark that it begins with: such a row goes by the mark too. */
const BOM = '\ufeff';

/**
 * SQL joins the cells and looks only whether one holds a separator; such a row crosses as a JSON array behind a mark. What
 * wants quotes or a guard is looked for here in all rows at once, and most have none: a look at each row in SQL took half
 * as much time again, one at each cell twice.
 */
function csvLine(cells: readonly Cell[], { delimiter, asText }: CsvFormat): Line {
  const texts = cells.filter(({ plain }) => !plain).map(({ value }) => value);
  // `concat_ws` passes over a null, and with it a column.
  const all = cells.map(({ sql, plain }) => (plain ? `coalesce(${sql}, '')` : sql)).join(', ');
  const write = cells.map(({ plain }) => (asText && !plain ? csvTextCell : csvCell));
  const written = (row: readonly unknown[]) => row.map((cell, index) => write[index]?.(String(cell))).join(delimiter);
  const lineOfRow = (row: string) => {
    if (row.startsWith(MARK)) return written(JSON.parse(row.slice(1)) as unknown[]);
    return asText || WANTS_CARE.test(row) ? written(row.split(UNIT)) : row.replaceAll(UNIT, delimiter);
  };
  return {
    sql: `CASE WHEN seen GLOB '*[${MARK}${ROW}${UNIT}${BOM}]*'
      THEN '${MARK}' || json_array(${all}) ELSE concat_ws('${UNIT}', ${all}) END`,
    binds: [],
    also: ['seen', `concat(${["''", ...texts].join(', ')})`],
    separator: ROW,
    finish: (text) =>
      asText || WANTS_CARE.test(text)
        ? text.split(ROW).map(lineOfRow).join('\r\n')
        : text.replaceAll(UNIT, delimiter).replaceAll(ROW, '\r\n'),
  };
}

/** In rows as they come from SQL: what is marked, what wants quotes, and cells that begin as a formula or a number might. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const WANTS_CARE = /[\x01",;\t\r\n]|(?:^|[\x1e\x1f])[=@+-]/;

/** Characters that XML 1.0 has no way to write, not even as references (XML 1.0, 2.2). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NOT_XML = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g;

/** A bare CR would be read as a line feed (XML 1.0, 2.11). */
function xmlCell({ sql, plain }: Cell): string {
  if (plain) return sql;
  const escapes = [
    ['&', '&amp;'],
    ['<', '&lt;'],
    ['>', '&gt;'],
    ['\r', '&#13;'],
  ] as const;
  const escaped = escapes.reduce((text, [from, to]) => `replace(${text}, '${from}', '${to}')`, sql);
  return `CASE WHEN ${sql} GLOB '*[&<>\r]*' THEN ${escaped} ELSE ${sql} END`;
}

/** `Recording filename` → `Recording_filename`: an element's name holds no blank. */
function xmlName(name: string): string {
  const element = name.replaceAll(' ', '_');
  if (!/^[A-Za-z_][\w.-]*$/.test(element)) throw new Error(`${name} can be no XML element`);
  return element;
}

/** What stands before, between and behind the cells of a row. */
function tagsBetween(names: readonly string[]): string[] {
  return [...names, null].map((name, index) => {
    const before = names[index - 1];
    return `${before === undefined ? '<row>' : `</${before}>`}${name === null ? '</row>' : `<${name}>`}`;
  });
}
