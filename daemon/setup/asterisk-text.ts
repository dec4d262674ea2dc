/**
 * A configuration file of Asterisk as its main/config.c reads it: comments, sections with their options, pairs, files that
 * are included. Pure: text in, statements with their lines out. What a pair means is its module's matter.
 */

export type Statement =
  | { readonly kind: 'section'; readonly line: number; readonly name: string; readonly adds: boolean }
  | { readonly kind: 'pair'; readonly line: number; readonly key: string; readonly value: string }
  | { readonly kind: 'include'; readonly line: number; readonly path: string; readonly must: boolean };

export interface AsteriskText {
  readonly statements: readonly Statement[];
  /** A comment `;--` is still open at the end: what is written behind it is no longer read. */
  readonly endsInComment: boolean;
}

export function readAsteriskText(text: string): AsteriskText {
  const statements: Statement[] = [];
  let depth = 0;
  for (const [index, raw] of text.split('\n').entries()) {
    const { rest, depth: after } = withoutComments(raw, depth);
    depth = after;
    const found = statement(rest.trim(), index + 1);
    if (found) statements.push(found);
  }
  return { statements, endsInComment: depth > 0 };
}

/** A line without its comments; `;--` begins one that goes on until `--;`, and they nest. */
function withoutComments(line: string, depthBefore: number): { rest: string; depth: number } {
  let depth = depthBefore;
  let rest = '';
  for (let at = 0; at < line.length; ) {
    if (depth > 0) {
      if (line.startsWith('--;', at)) depth -= 1;
      else if (opensComment(line, at)) depth += 1;
      at += line.startsWith('--;', at) || opensComment(line, at) ? 3 : 1;
    } else if (line[at] === '\\' && line[at + 1] === ';') {
      rest += ';';
      at += 2;
    } else if (line[at] !== ';') {
      rest += line[at];
      at += 1;
    } else if (opensComment(line, at)) {
      depth = 1;
      at += 3;
    } else break;
  }
  return { rest, depth };
}

function opensComment(line: string, at: number): boolean {
  return line.startsWith(';--', at) && line[at + 3] !== '-';
}

function statement(text: string, line: number): Statement | null {
  const section = /^\[([^\]]*)\](?:\s*\(([^)]*)\))?/.exec(text);
  if (section) {
    const [, name = '', options = ''] = section;
    return { kind: 'section', line, name, adds: options.split(',').some((option) => option.trim() === '+') };
  }
  const include = /^#(include|tryinclude)\s+["<]?([^">]*)/i.exec(text);
  if (include) {
    const [, word = '', path = ''] = include;
    return { kind: 'include', line, path: path.trim(), must: word.toLowerCase() === 'include' };
  }
  if (text.startsWith('#')) return null; // #exec: a program's output, which nobody here runs
  const pair = /^([^=]+?)\s*=>?\s*(.*)$/.exec(text);
  return pair ? { kind: 'pair', line, key: pair[1] ?? '', value: pair[2] ?? '' } : null;
}
