/**
 * Compares what came with what a document says, byte for byte but for placeholders. A placeholder stands for what nobody
 * can know beforehand; each has a pattern of its own, and these here are all there are. `{id}` must fit the pattern;
 * `{id 1}` must besides be the same wherever it stands. What an answer gave for a placeholder, later requests send.
 */
import type { Line } from './document.ts';

/** By name; each a regular expression that the whole of it must fit. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  /** A session's token. */
  token: '[A-Za-z0-9_-]{43}',
  /** What an API key shows of itself, by which it is revoked. */
  keyid: '[a-z0-9]{8}',
  /** An API key, which is shown when it is made and never again. */
  key: 'cdrd-[a-z0-9]{8}-[A-Za-z0-9_-]{43}',
  /** The session's cookie, name and value. */
  cookie: 'cdrd_session=[A-Za-z0-9_-]{43}',
  /** Seconds that a new session lives: a day, less what answering took. */
  life: '86400|8639\\d',
  /** What undoes a deletion. */
  undo: '[A-Za-z0-9_-]{24}',
  /** A row's number in the store, of calls and of deletions. */
  id: '[1-9]\\d{0,14}',
  /** Rises with every change of a call. */
  changed: '[1-9]\\d{0,14}',
  /** Where a page of a listing ended. */
  cursor: '\\d{1,15}\\.\\d{1,15}',
  /** A moment near now, on the box's clock. */
  now: '20\\d\\d-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d',
  /** Its day alone. */
  today: '20\\d\\d-\\d\\d-\\d\\d',
  /** The same as it stands in file names. */
  stamp: '20\\d\\d(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\\d\\d\\.\\d{6}',
  /** A shared link's secret, which stands in the link and nowhere else. */
  share: '[A-Za-z0-9_-]{43}',
  /** Whole seconds that a call in progress has lasted so far. */
  seconds: '\\d{1,4}',
  /** What `uptime` says of the machine that the document runs on: its age, its load, and who is logged in. */
  uptime: '\\d\\d:\\d\\d:\\d\\d up (?:\\d+ days? )?(?: ?\\d+:\\d\\d|\\d+ min)',
  load: '\\d+\\.\\d\\d(?:, \\d+\\.\\d\\d){2}',
  users: '\\d+|not known: [a-z ]+',
  /** What its disk and its folders hold, as `df` and `du` write it or in words, and how full the disk is. */
  size: '\\d+(?:\\.\\d)?[kKMGTP]?(?: and more: [a-z0-9 ]+)?|not known: [a-z ]+',
  percent: '\\d+%',
  /** Where its recordings lie, with a slash as PHP writes it in JSON. */
  folder: '(?:\\\\/[A-Za-z0-9._-]+)+',
  etag: '"[0-9A-Za-z._-]+"',
};

/** Bytes that can't be seen in a document. */
const MARKS: Readonly<Record<string, string>> = { bom: '\ufeff', cr: '\r', lf: '\n' };

const PLACEHOLDER = /\{([a-z]+)(?: ([\w-]+))?\}/g;

/** What placeholders have stood for, by name and by name with label. */
export type Known = Map<string, string>;

/** An answer that isn't the document's; the message shows both, with file and line. */
export class Mismatch extends Error {
  override readonly name = 'Mismatch';
}

/** A request's text with its placeholders filled in. @throws when one has stood for nothing yet. */
export function fill(text: string, known: Known, where: string): string {
  return text.replace(PLACEHOLDER, (placeholder, name: string, label: string | undefined) => {
    const value = known.get(keyOf(name, label));
    if (value === undefined) throw new Mismatch(`${where}: nothing has given ${placeholder} yet`);
    return value;
  });
}

/**
 * The lines of a body as pieces whose bytes follow upon each other. JSON has no line breaks of its own in our answers: in a
 * document they, and the blanks that a line begins with, are layout. CSV's lines end with CRLF.
 */
export function piecesOf(lines: readonly Line[], contentType: string): Line[] {
  if (contentType.startsWith('application/json'))
    return lines.map(({ number, text }) => ({ number, text: text.replace(/^ +/, '') }));
  if (contentType.startsWith('text/csv')) return lines.map(({ number, text }) => ({ number, text: `${text}\r\n` }));
  return lines.map(({ number, text }, index) => ({ number, text: index < lines.length - 1 ? `${text}\n` : text }));
}

/** @param document Its name, for messages. @throws {Mismatch} where `actual` isn't these pieces one after another. */
export function compare(document: string, pieces: readonly Line[], actual: string, known: Known): void {
  let at = 0;
  for (const { number, text } of pieces) {
    const where = `${document}:${number}`;
    const match = patternOf(text, known, where).match(actual, at);
    if (match === null) throw new Mismatch(difference(where, text, actual.slice(at), known));
    at += match;
  }
  if (at < actual.length)
    throw new Mismatch(
      `${document}:${pieces.at(-1)?.number ?? 0}: the answer goes on behind this\n  answer:   ${shown(actual.slice(at))}`,
    );
}

interface Pattern {
  /** @returns how many characters fit from `at` on, all placeholders remembered; null: they don't fit. */
  match(actual: string, at: number): number | null;
}

/** Text and placeholders by turns. */
function tokensOf(text: string): { literal: string; name?: string; label?: string | undefined }[] {
  const tokens: { literal: string; name?: string; label?: string | undefined }[] = [];
  let from = 0;
  for (const found of text.matchAll(PLACEHOLDER)) {
    const [literal, name = '', label] = found;
    if (found.index > from) tokens.push({ literal: text.slice(from, found.index) });
    tokens.push({ literal, name, label });
    from = found.index + literal.length;
  }
  if (from < text.length) tokens.push({ literal: text.slice(from) });
  return tokens;
}

function patternOf(text: string, known: Known, where: string): Pattern {
  const keys: string[] = [];
  const source = tokensOf(text).map(({ literal, name, label }) => {
    if (name === undefined) return escaped(literal);
    const mark = MARKS[name];
    if (mark !== undefined && label === undefined) return escaped(mark);
    const pattern = PLACEHOLDERS[name];
    if (pattern === undefined) throw new Mismatch(`${where}: there is no placeholder ${literal}`);
    const key = keyOf(name, label);
    const same = label === undefined ? undefined : known.get(key);
    keys.push(key);
    return same === undefined ? `(${pattern})` : `(${escaped(same)})`;
  });
  const expression = new RegExp(source.join(''), 'y');
  return {
    match(actual, at) {
      expression.lastIndex = at;
      const found = expression.exec(actual);
      if (!found) return null;
      keys.forEach((key, index) => {
        const value = found[index + 1] ?? '';
        known.set(key, value);
        known.set(key.split(' ', 1)[0] ?? key, value);
      });
      return found[0].length;
    },
  };
}

/** Both one below the other, a mark under the first character that differs. */
function difference(where: string, text: string, actual: string, known: Known): string {
  let fits = 0;
  // The longest beginning that fits: character by character in plain text, a placeholder as a whole.
  const tokens = tokensOf(text);
  let begun = '';
  for (const { literal, name } of tokens) {
    const parts = name === undefined ? [...literal] : [literal];
    const next = parts.find((part) => {
      const length = patternOf(begun + part, new Map(known), where).match(actual, 0);
      if (length === null) return true;
      begun += part;
      fits = length;
      return false;
    });
    if (next !== undefined) break;
  }
  return [
    `${where}: the answer differs`,
    `  document: ${shown(text)}`,
    `  answer:   ${shown(actual.slice(0, Math.max(fits + 80, text.length)))}`,
    `            ${' '.repeat(shown(actual.slice(0, fits)).length)}^ expected ${shown(text.slice(begun.length, begun.length + 40)) || 'nothing more'}`,
  ].join('\n');
}

/** Line ends and other control characters as they can be seen. */
export function shown(text: string): string {
  return text.replaceAll('\r', '\\r').replaceAll('\n', '\\n').replaceAll('\t', '\\t').replaceAll('\ufeff', '\\ufeff');
}

function keyOf(name: string, label: string | undefined): string {
  return label === undefined ? name : `${name} ${label}`;
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
