/** Reads Asterisk's CSV for the rig; it shares nothing with the daemon's own reader on purpose. */

/** One line of Asterisk's CSV, whose quotes are doubled inside a quoted cell. */
export function parseCsv(line: string): string[] {
  const cells = line.match(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g) ?? [];
  const values = cells.map((cell) =>
    cell
      .replace(/,$/, '')
      .replace(/^"([\s\S]*)"$/, '$1')
      .replace(/""/g, '"'),
  );
  // The pattern matches once more, empty, at the end of a line that does not end in a comma.
  return line.endsWith(',') ? values : values.slice(0, -1);
}
