/**
 * A table as PDF 1.4 (ISO 32000-1), written while its rows come: A4, the built-in Helvetica, its head on each page and the
 * page's number below. Those libraries that do it are larger than all the rest of the box. The built-in fonts know the
 * characters of Western Europe (WinAnsi, ISO 32000-1 annex D); of any other a mark of its accents is dropped, or `?` stands
 * in its place, and that is told.
 */

export interface PdfColumn {
  readonly name: string;
  /** Points. What is longer is cut and ends with `…`. */
  readonly width: number;
  readonly right?: true;
}

export interface PdfTable {
  readonly title: string;
  /** Below the title, on the first page. */
  readonly about: readonly string[];
  readonly columns: readonly PdfColumn[];
}

/** Points, 72 to the inch. The origin is the lower left corner. */
const PAGE = { width: 595, height: 842, left: 30, top: 42, bottom: 48 };
export const PDF_TABLE_WIDTH = PAGE.width - 2 * PAGE.left;
const LINE = 14;
const SIZE = 9;
const TITLE_SIZE = 14;
/** Between two columns. */
const GAP = 6;

/** Objects of every file, by number; pages and their contents follow. */
const CATALOG = 1;
const PAGES = 2;
const REGULAR = 3;
const BOLD = 4;
const INFO = 5;

/**
 * The file in pieces, a page each.
 * @param rows As many as come; each has a text for each column.
 * @param closing Lines behind the last row. @param closing.replaced Some characters are told as `?`.
 */
export async function* pdfTable(
  table: PdfTable,
  rows: AsyncIterable<readonly (readonly string[])[]>,
  closing: (replaced: boolean) => readonly string[],
): AsyncGenerator<Uint8Array> {
  const { columns, title, about } = table;
  const letters = createLetters();
  const file = createFile();
  const kids: number[] = [];
  const width = PDF_TABLE_WIDTH;
  let page: string[] = [];
  let y = 0;

  function text(words: string, x: number, room: number, { bold = false, right = false, size = SIZE } = {}) {
    const codes = letters.fitted(words, room, size);
    const at = right ? x + room - letters.width(codes, size) : x;
    page.push(`BT /F${bold ? 2 : 1} ${size} Tf ${at.toFixed(1)} ${y} Td (${literal(codes)}) Tj ET`);
  }
  function line(cells: readonly string[], bold = false): void {
    let x = PAGE.left;
    for (const [index, { width: room, right = false }] of columns.entries()) {
      text(cells[index] ?? '', x, room - GAP, { bold, right });
      x += room;
    }
    y -= LINE;
  }
  function beginPage(): void {
    page = [];
    y = PAGE.height - PAGE.top;
    if (kids.length === 0) {
      text(title, PAGE.left, width, { bold: true, size: TITLE_SIZE });
      y -= LINE + 4;
      for (const words of about) {
        text(words, PAGE.left, width);
        y -= LINE;
      }
      y -= 4;
    }
    const names = columns.map(({ name }) => name);
    line(names, true);
    page.push(`0.5 w ${PAGE.left} ${y + LINE - 3} m ${PAGE.left + width} ${y + LINE - 3} l S`);
  }
  function endPage(): Uint8Array {
    y = PAGE.bottom - 2 * LINE;
    const number = kids.length + 1;
    text(`Page ${number}`, PAGE.left, width, { right: true });
    const stream = page.join('\n');
    const content = file.add(`<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`);
    const box = `/MediaBox [0 0 ${PAGE.width} ${PAGE.height}]`;
    const fonts = `/Resources << /Font << /F1 ${REGULAR} 0 R /F2 ${BOLD} 0 R >> >>`;
    kids.push(file.add(`<< /Type /Page /Parent ${PAGES} 0 R ${box} ${fonts} /Contents ${content} 0 R >>`));
    return file.taken();
  }
  const isFull = () => y < PAGE.bottom;

  const font = (name: string) => `<< /Type /Font /Subtype /Type1 /BaseFont /${name} /Encoding /WinAnsiEncoding >>`;
  file.put(CATALOG, `<< /Type /Catalog /Pages ${PAGES} 0 R >>`);
  file.put(REGULAR, font('Helvetica'));
  file.put(BOLD, font('Helvetica-Bold'));
  file.put(INFO, `<< /Title (${literal(letters.codes(title))}) >>`);
  beginPage();
  for await (const some of rows) {
    // Empty where nothing was found yet: whoever writes the answer stops asking when the client is gone.
    yield new Uint8Array();
    for (const row of some) {
      if (isFull()) {
        yield endPage();
        beginPage();
      }
      line(row);
    }
  }
  for (const words of closing(letters.replaced)) {
    if (isFull()) {
      yield endPage();
      beginPage();
    }
    text(words, PAGE.left, width, { bold: true });
    y -= LINE;
  }
  yield endPage();
  file.put(PAGES, `<< /Type /Pages /Count ${kids.length} /Kids [${kids.map((kid) => `${kid} 0 R`).join(' ')}] >>`);
  file.end(`/Root ${CATALOG} 0 R /Info ${INFO} 0 R`);
  yield file.taken();
}

/** Objects one behind the other, with the place of each. All of it but the second line is ASCII. */
function createFile() {
  // Bytes above 127 tell programs that pass files on that this is no text (7.5.2).
  let text = '%PDF-1.4\n%\xe2\xe3\xcf\xd3\n';
  let before = 0;
  const places: number[] = [];
  let last = INFO;
  function put(number: number, body: string): void {
    places[number] = before + text.length;
    text += `${number} 0 obj\n${body}\nendobj\n`;
  }
  return {
    put,
    /** @returns its number. */
    add(body: string): number {
      last += 1;
      put(last, body);
      return last;
    },
    end(trailer: string): void {
      const at = before + text.length;
      const count = last + 1;
      // Each line has 20 bytes (7.5.4).
      const lines = Array.from(
        { length: last },
        (_, index) => `${String(places[index + 1] ?? 0).padStart(10, '0')} 00000 n \n`,
      );
      text += `xref\n0 ${count}\n0000000000 65535 f \n${lines.join('')}`;
      text += `trailer\n<< /Size ${count} ${trailer} >>\nstartxref\n${at}\n%%EOF\n`;
    },
    /** What was not taken yet. */
    taken(): Uint8Array {
      const bytes = Buffer.from(text, 'latin1');
      before += bytes.length;
      text = '';
      return bytes;
    },
  };
}

/** A string as it stands between parentheses (7.3.4.2). */
function literal(codes: readonly number[]): string {
  const signs = codes.map((code) => {
    if (code >= 0x7f) return `\\${code.toString(8)}`;
    const sign = String.fromCharCode(code);
    return '()\\'.includes(sign) ? `\\${sign}` : sign;
  });
  return signs.join('');
}

/** WinAnsi from 128 to 159: Windows' own, a blank where it has none. */
const WINDOWS = '€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ';
const CUT = 0x85;
const QUESTION = 0x3f;

/** Widths of Helvetica from the blank to `~`, thousandths of its size (Adobe's font metrics). */
const WIDTHS = [
  278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
  556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
  722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
  556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
  260, 334, 584,
];
/** Of all others; too wide for most: a cell is cut early rather than written over its neighbour. */
const WIDEST = 1_000;

/** Characters of a text that are looked at: no line of a page has room for more. */
const TEXT_MAX = 300;

function createLetters() {
  let replaced = false;

  function codes(text: string): readonly number[] {
    const found: number[] = [];
    for (const sign of text.slice(0, TEXT_MAX).normalize('NFC')) found.push(...codesOf(sign));
    return found;
  }
  function codesOf(sign: string): readonly number[] {
    const known = codeOf(sign);
    if (known !== null) return [known];
    const plain = [...sign.normalize('NFKD').replaceAll(/\p{M}/gu, '')].map(codeOf);
    if (plain.every((code) => code !== null)) return plain;
    replaced = true;
    return [QUESTION];
  }
  const width = (all: readonly number[], size: number) =>
    all.reduce((sum, code) => sum + widthOf(code), 0) * (size / 1_000);

  return {
    codes,
    width,
    /** As much of a text as there is room for, in points. */
    fitted(text: string, room: number, size: number): readonly number[] {
      const all = codes(text);
      if (width(all, size) <= room) return all;
      const limit = (room * 1_000) / size - widthOf(CUT);
      let [used, count] = [0, 0];
      for (const code of all) {
        used += widthOf(code);
        if (used > limit) break;
        count += 1;
      }
      return [...all.slice(0, count), CUT];
    },
    get replaced() {
      return replaced;
    },
  };
}

/** null: the font hasn't got it. */
function codeOf(sign: string): number | null {
  const code = sign.codePointAt(0) ?? 0;
  if ((code >= 0x20 && code < 0x7f) || (code >= 0xa0 && code <= 0xff)) return code;
  const index = sign === ' ' ? -1 : WINDOWS.indexOf(sign);
  return index < 0 ? null : 0x80 + index;
}

/** A letter with an accent is as wide as without. */
function widthOf(code: number): number {
  const base = code < 0xc0 ? code : (String.fromCharCode(code).normalize('NFD').codePointAt(0) ?? code);
  return WIDTHS[base - 0x20] ?? WIDEST;
}
