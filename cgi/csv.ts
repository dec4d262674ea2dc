/**
 * CSV by RFC 4180, pure: texts to a line, a text to its rows. Cells that a spreadsheet would run as a formula go out with
 * an apostrophe before them (guide-resolved, 9005): names come from strangers. Reading takes that apostrophe off again.
 */
import { isFormula, quotedCell } from '../storage/model/csv-cell.ts';

/** Apostrophes before one count too: without it a name that really is `'=1` would come back as `=1`. */
const GUARDED = /^'+(?=[=@\t\r\n\uff1d\uff20\uff0b\uff0d+-])/;

/** A cell that no spreadsheet runs. {@link unguarded} gives back any text exactly. */
export function guarded(text: string): string {
  return isFormula(text.replace(GUARDED, '')) ? `'${text}` : text;
}

/** A cell as it was before {@link guarded}. */
export function unguarded(cell: string): string {
  return cell.startsWith("'") && guarded(cell.slice(1)) === cell ? cell.slice(1) : cell;
}

/** One line with its CRLF, each cell guarded, and quoted where it must be. */
export function csvLine(cells: readonly string[], delimiter: ',' | ';' = ','): string {
  return `${cells.map((cell) => quotedCell(guarded(cell))).join(delimiter)}\r\n`;
}

export interface CsvRow {
  /** Line of the text where it begins, from 1. */
  readonly line: number;
  /** Unguarded. */
  readonly cells: readonly string[];
  /** What is wrong with its quotes; '' = nothing. */
  readonly fault: string;
}

/** One cell and what ends it. Sticky, and no two parts can match the same character: time grows with the text alone. */
const CELL = {
  ',': /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y,
  ';': /(?:"((?:[^"]|"")*)"|([^";\r\n]*))(;|\r\n|\n|\r|$)/y,
} as const;
const REST_OF_LINE = /[^\r\n]*(?:\r\n|\n|\r|$)/y;

/** The rows of a text in order, empty lines left out. A byte order mark is skipped. */
export function* csvRows(text: string, delimiter: ',' | ';' = ','): Generator<CsvRow> {
  let at = text.startsWith('\ufeff') ? 1 : 0;
  let line = 1;
  const cell = new RegExp(CELL[delimiter]);
  while (at < text.length) {
    const begin = line;
    const from = at;
    const cells: string[] = [];
    let fault = '';
    for (let end: string | undefined = delimiter; end === delimiter; ) {
      cell.lastIndex = at;
      const found: RegExpExecArray | null = cell.exec(text);
      if (found) {
        const [, inQuotes, plain = ''] = found;
        end = found[3];
        cells.push(unguarded(inQuotes === undefined ? plain : inQuotes.replaceAll('""', '"')));
      } else {
        fault = 'has a quote that is out of place or not closed';
        REST_OF_LINE.lastIndex = at;
        REST_OF_LINE.exec(text);
        end = undefined;
      }
      at = found ? cell.lastIndex : REST_OF_LINE.lastIndex;
    }
    line += text.slice(from, at).match(/\r\n|\n|\r/g)?.length ?? 0;
    if (fault !== '' || cells.length > 1 || cells[0] !== '') yield { line: begin, cells, fault };
  }
}
