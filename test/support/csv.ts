/** A CSV parser by RFC 4180 and nothing else, written apart from what writes our CSV. */

/** @returns the rows, each with its cells. @throws for what RFC 4180 doesn't know. */
export function parseCsv(text: string, delimiter = ','): string[][] {
  const rows: string[][] = [];
  let at = 0;
  while (at < text.length) {
    const row: string[] = [];
    for (;;) {
      let cell = '';
      if (text[at] === '"') {
        for (at++; ; ) {
          const quote = text.indexOf('"', at);
          if (quote < 0) throw new Error(`no closing quote in ${text.slice(at, at + 80)}`);
          cell += text.slice(at, quote);
          at = quote + 1;
          if (text[at] !== '"') break;
          cell += '"';
          at++;
        }
      } else {
        const begin = at;
        while (at < text.length && text[at] !== delimiter && text[at] !== '\r' && text[at] !== '\n') at++;
        cell = text.slice(begin, at);
        if (cell.includes('"')) throw new Error(`a quote inside ${cell}`);
      }
      row.push(cell);
      if (text[at] !== delimiter) break;
      at++;
    }
    if (!text.startsWith('\r\n', at)) throw new Error(`no CRLF at ${JSON.stringify(text.slice(at, at + 80))}`);
    at += 2;
    rows.push(row);
  }
  return rows;
}
