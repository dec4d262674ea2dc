/**
 * Where keys stand in a TOML text. The parser keeps no positions, and a complaint without its line sends a technician
 * searching; so a text that the parser has accepted is walked through once more, for the lines alone.
 */
import { parse } from 'smol-toml';

const BLANKS = /[ \t\r]*/y;
/** What may stand between entries: white space, commas, comments. */
const VOIDS = /(?:[\s,]|#[^\n]*)*/y;
const STRING = /"""(?:[^\\]|\\[\s\S])*?"{3,5}(?!")|'''[\s\S]*?'{3,5}(?!')|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/y;
const BARE_KEY = /[\w-]+/y;
/** Numbers, dates, true, false: up to what may follow a value. */
const BARE_VALUE = /[^,\]}\n#]*/y;
const DOT = /\./y;
const EQUALS = /=[ \t]*/y;
const LIST = /\[/y;
const INLINE_TABLE = /\{/y;
const HEADER = /\[\[?/y;
const HEADER_END = /[ \t]*\]\]?/y;

/**
 * Line (from 1) of every table header, key and list entry in a TOML text that smol-toml has accepted, by dotted path
 * (`trunks.names.0`); of a table's lines the first. On other texts it ends too, with lines that mean nothing.
 */
export function keyLines(text: string): Map<string, number> {
  const lines = new Map<string, number>();
  let at = 0;
  let line = 1;

  /** Steps over what the sticky expression matches here, counting lines; returns the text. */
  function take(expression: RegExp): string {
    expression.lastIndex = at;
    const found = expression.exec(text)?.[0] ?? '';
    at += found.length;
    line += found.split('\n').length - 1;
    return found;
  }

  function keyPart(): string {
    const quoted = take(STRING);
    if (quoted === '') return take(BARE_KEY);
    if (quoted.startsWith("'")) return quoted.slice(1, -1);
    return String(parse(`key = ${quoted}`)['key']); // the parser knows the escapes
  }

  function keyPath(table: string): string {
    let path = table;
    do {
      take(BLANKS);
      path = path === '' ? keyPart() : `${path}.${keyPart()}`;
      if (!lines.has(path)) lines.set(path, line);
      take(BLANKS);
    } while (take(DOT) !== '');
    return path;
  }

  function pair(table: string): void {
    const path = keyPath(table);
    take(EQUALS);
    value(path);
  }

  function value(path: string): void {
    if (take(LIST) !== '') {
      eachEntry(']', (index) => {
        lines.set(`${path}.${index}`, line);
        value(`${path}.${index}`);
      });
    } else if (take(INLINE_TABLE) !== '') {
      eachEntry('}', () => pair(path));
    } else if (take(STRING) === '') {
      take(BARE_VALUE);
    }
  }

  /** Up to the closing bracket, and over it. An entry that takes nothing ends it: only a refused text has one. */
  function eachEntry(close: string, entry: (index: number) => void): void {
    take(VOIDS);
    for (let index = 0, before = -1; at < text.length && text[at] !== close && at !== before; index += 1) {
      before = at;
      entry(index);
      take(VOIDS);
    }
    at += 1;
  }

  let table = '';
  take(VOIDS);
  for (let before = -1; at < text.length && at !== before; take(VOIDS)) {
    before = at;
    if (take(HEADER) === '') pair(table);
    else {
      table = keyPath('');
      take(HEADER_END);
    }
  }
  return lines;
}
