/** What a cell of a CSV needs: a guard against being run by a spreadsheet, and quotes (RFC 4180). */

/**
 * What wants quotes: RFC 4180's, and the other characters that spreadsheets split a line at unless they are told not to
 * (LibreOffice: tab, comma and semicolon at once). So a caller's name can't slip a cell of its own into the row.
 */
const QUOTED = /[",;\t\r\n]/;

/**
 * = @ tab or CR first, or + or - first and no plain number (guide-resolved, 9005); likewise a line feed, and the wide forms of
 * these four, which a spreadsheet set to Chinese or Japanese takes for them. Callers' names come from strangers.
 */
const RUN = /^(?:[=@\t\r\n\uff1d\uff20\uff0b\uff0d]|[+-](?!\d+(?:\.\d+)?$))/;

/** Whether a spreadsheet would run it as a formula. */
export function isFormula(text: string): boolean {
  return RUN.test(text);
}

/** Quoted where it must be. */
export function quotedCell(text: string): string {
  return QUOTED.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Guarded against being run, then quoted where it must be. */
export function csvCell(text: string): string {
  return quotedCell(isFormula(text) ? `'${text}` : text);
}
