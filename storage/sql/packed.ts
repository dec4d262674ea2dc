/**
 * Rows of many columns, read as one text each: this build of SQLite crosses from WebAssembly three times a column (its name,
 * its type, its value), and a call or a record has thirty. For tables without blobs and reals.
 */
import type { Row } from './database.ts';

export interface Packed {
  /** What to select instead of the columns. */
  readonly select: string;
  /** The columns of a row selected so. */
  unpack(row: Row): Row;
}

export function packed(columns: readonly string[]): Packed {
  return {
    select: `json_array(${columns.join(', ')}) AS packed`,
    unpack({ packed }) {
      const values = JSON.parse(String(packed)) as Row[string][];
      const row: Row = {}; // in a loop: pairs made for fromEntries took a twentieth of all that a record costs
      for (const [index, column] of columns.entries()) row[column] = values[index] ?? null;
      return row;
    },
  };
}
