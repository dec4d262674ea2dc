/**
 * What strangers call themselves, as it may stand in a line of the log and on a terminal: nothing in it ends the line, moves
 * the cursor, or turns the direction of what is read. The one place for it.
 */

/** Control characters (C0, DEL, C1), halves of characters, line separators, and what turns the direction of text. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** One line: what can't be shown is escaped, line breaks too. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (character) => {
    if (character === '\n') return '\\n';
    if (character === '\r') return '\\r';
    if (character === '\t') return '\\t';
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** Whether it can be shown as it is. */
export function isPrintable(text: string): boolean {
  return text.search(UNSAFE) < 0;
}
