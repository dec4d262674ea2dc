/**
 * A page of CSV, looked at as bytes, once. SQL gives the cells between two bytes that no UTF-8 text holds, so whatever a
 * cell says it can't be taken for two; most rows want nothing but these bytes turned into delimiters and line ends, which
 * is done in place, and only a row that holds what wants quotes or a guard becomes text.
 */

import { letGo } from '../let-go.ts';
import { csvCell } from '../model/csv-cell.ts';

/** Between two cells; and the first of the two bytes behind a row, whose second is a line feed already. */
const UNIT = 0xff;
const ROW = 0xfe;

/** The same as texts for SQL, which takes any bytes for a text. */
export const UNIT_SQL = "CAST(x'ff' AS TEXT)";
export const ROW_SQL = "CAST(x'fe0a' AS TEXT)";

const CR = 0x0d;
const DOT = 0x2e;

/** What a byte says: nothing, the end of a cell, the end of a row, or that the row is to be looked at as text. */
const [PLAIN, CELL_ENDS, ROW_ENDS, CARE] = [0, 1, 2, 3];
const KIND = new Uint8Array(256).fill(PLAIN);
KIND[UNIT] = CELL_ENDS;
KIND[ROW] = ROW_ENDS;
for (const character of '",;\t\r\n') KIND[character.charCodeAt(0)] = CARE;
/** As which byte a cell begins that might be run (model/csv-cell.ts, which decides); 2: unless it is a number. */
const BEGINS = new Uint8Array(256);
BEGINS[0xef] = 1; // the wide forms of these, and others
for (const [characters, kind] of [
  ['=@', 1],
  ['+-', 2],
] as const)
  for (const character of characters) BEGINS[character.charCodeAt(0)] = kind;

/** How the cells of a row are written, in order. */
export type Writers = readonly ((cell: string) => string)[];

/**
 * The lines of a page, each with its CRLF.
 * @param bytes Rows as SQL gives them; its memory is used again or freed.
 * @param every Each row wants its writers, whatever it holds.
 */
export function csvPage(
  bytes: Uint8Array<ArrayBuffer>,
  write: Writers,
  delimiter: ',' | ';',
  every: boolean,
): Uint8Array<ArrayBuffer> {
  const mark = delimiter.charCodeAt(0);
  const ends = new Uint32Array(write.length);
  let rewritten: ReturnType<typeof copier> | null = null;
  let cells = 0;
  let row = 0;
  let care = every || mightRun(bytes, 0);
  for (let at = 0; at < bytes.length; at++) {
    const kind = KIND[bytes[at] as number];
    if (kind === PLAIN) continue;
    if (kind === CARE) care = true;
    else {
      ends[cells++] = at;
      if (kind === ROW_ENDS) {
        if (care) {
          rewritten ??= copier(bytes);
          rewritten.replace(row, at, ends, write, delimiter);
        } else for (let cell = 0; cell < cells - 1; cell++) bytes[ends[cell] as number] = mark;
        bytes[at] = CR;
        at++;
        row = at + 1;
        cells = 0;
        care = every;
      }
      if (!care) care = mightRun(bytes, at + 1);
    }
  }
  return rewritten?.finish() ?? bytes;
}

/** Whether a cell that begins here might be run by a spreadsheet. */
function mightRun(bytes: Uint8Array, from: number): boolean {
  const kind = BEGINS[bytes[from] ?? 0];
  if (kind !== 2) return kind === 1;
  let at = from + 1;
  const digits = () => {
    const begin = at;
    while (((bytes[at] ?? 0) ^ 0x30) < 10) at++;
    return at > begin;
  };
  if (!digits()) return true;
  if (bytes[at] === DOT) {
    at++;
    if (!digits()) return true;
  }
  return (KIND[bytes[at] ?? 0] ?? 0) !== CELL_ENDS && KIND[bytes[at] ?? 0] !== ROW_ENDS;
}

/** A second page into which the first goes, with some of its rows written anew. */
function copier(page: Uint8Array<ArrayBuffer>) {
  const source = Buffer.from(page.buffer, page.byteOffset, page.byteLength);
  let target = Buffer.allocUnsafeSlow(source.length + (source.length >> 3) + 1_024);
  let taken = 0;
  let length = 0;

  const room = (bytes: number) => {
    if (length + bytes <= target.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(length + bytes, target.length + (target.length >> 1)));
    target.copy(larger, 0, 0, length);
    letGo(target);
    target = larger;
  };
  const copy = (to: number) => {
    room(to - taken);
    length += source.copy(target, length, taken, to);
    taken = to;
  };

  return {
    /** The row from `from` to `to`, whose cells end where `ends` says. */
    replace(from: number, to: number, ends: Uint32Array, write: Writers, delimiter: string): void {
      copy(from);
      let begin = from;
      const texts = write.map((written, index) => {
        const end = ends[index] ?? to;
        const text = written(source.toString('utf8', begin, end));
        begin = end + 1;
        return text;
      });
      const text = texts.join(delimiter);
      room(text.length * 3);
      length += target.write(text, length);
      taken = to;
    },
    finish(): Uint8Array<ArrayBuffer> {
      copy(source.length);
      letGo(source);
      return target.subarray(0, length);
    },
  };
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
