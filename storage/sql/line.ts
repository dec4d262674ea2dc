/**
 * Rows as text, a line each, made in SQL: as a JSON object, a line of CSV or an XML element. The caller's names are bound
 * or checked, its columns are ours; nothing of a request gets into the text of a statement.
 */
import type { CsvFormat, Format } from '../filter.ts';
import { letGo } from '../let-go.ts';
import { csvCell } from '../model/csv-cell.ts';
import { csvPage, csvTextCell, ROW_SQL, UNIT_SQL } from './csv-page.ts';
import type { Bind } from './database.ts';

/** A cell of the row: the wire's name of it, and the SQL that gives its text. */
export interface Cell {
  readonly name: string;
  readonly sql: string;
  /** It holds only figures and words of our own: nothing in it wants quoting. */
  readonly plain: boolean;
}

export interface Line {
  /** An expression that gives a row's text. */
  readonly sql: string;
  readonly binds: readonly Bind[];
  /** What stands between two rows. */
  readonly separator: string;
  /** Completes the bytes of many rows, which are its own from then on. */
  readonly finish: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;
}

/** What some rows have behind their cells, as JSON alone can write it. */
export interface Rest {
  /** Gives the text of further members, a comma before each; '' = none. */
  readonly sql: string;
  readonly binds: readonly Bind[];
  /** Which rows have any: of the others the object is taken as it is, which saves a tenth of their time. Absent: any may. */
  readonly when?: string;
}

/** How each row's text is made in a format. @throws for a name that can't be an XML element's. */
export function lineOf(format: Format, cells: readonly Cell[], rest: Rest | null = null): Line {
  if (typeof format === 'object') return csvLine(cells, format);
  switch (format) {
    case 'json': {
      const object = `json_object(${cells.map(({ sql }) => `?, ${sql}`).join(', ')})`;
      const names = cells.map(({ name }) => name);
      // Cells are texts: so a row ends in one brace and no more.
      const longer = rest && `rtrim(${object}, '}') || ${rest.sql} || '}'`;
      return {
        sql: rest?.when === undefined ? (longer ?? object) : `CASE WHEN ${rest.when} THEN ${longer} ELSE ${object} END`,
        binds: [...names, ...(rest?.binds ?? []), ...(rest?.when === undefined ? [] : names)],
        separator: ',',
        finish: (bytes) => bytes,
      };
    }
    case 'xml':
      return {
        sql: `concat(${cells.map((cell) => `?, ${xmlCell(cell)}`).join(', ')}, ?)`,
        binds: tagsBetween(cells.map(({ name }) => xmlName(name))),
        separator: '\n',
        finish: xmlPage,
      };
  }
}

/** Cells between two bytes that no text holds (csv-page.ts): a look at each row in SQL takes as much time as all the rest. */
function csvLine(cells: readonly Cell[], { delimiter, asText }: CsvFormat): Line {
  // `concat_ws` passes over a null, and with it a column.
  const all = cells.map(({ sql, plain }) => (plain ? `coalesce(${sql}, '')` : sql));
  const write = cells.map(({ plain }) => (asText && !plain ? csvTextCell : csvCell));
  return {
    sql: `concat_ws(${UNIT_SQL}, ${all.join(', ')}) || ${ROW_SQL}`,
    binds: [],
    separator: '',
    finish: (bytes) => csvPage(bytes, write, delimiter, asText),
  };
}

/** Characters that XML 1.0 has no way to write, not even as references (XML 1.0, 2.2). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NOT_XML = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g;

/** Few pages hold any: so the bytes are looked at, and become text only then. */
function xmlPage(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const suspect = (byte: number) => (byte < 0x20 && byte !== 9 && byte !== 10) || byte === 0xef;
  if (!bytes.some(suspect)) return bytes;
  const text = Buffer.from(bytes.buffer).toString('utf8');
  letGo(bytes);
  const written = Buffer.from(text.replace(NOT_XML, '\ufffd'));
  return new Uint8Array(written);
}

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
