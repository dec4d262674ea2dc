/**
 * One object as people write it into an address, `{fcallid:"uDR8mtlo", fcaller:190}`: JSON's own way, and besides names
 * without quotes, texts in single ones and numbers as they are dialled. Values are texts, numbers, true, false and null; nothing stands in anything. Pure.
 */
import { CgiError } from '../../reply.ts';

const TEXT_MAX = 8_000;
const NAMES_MAX = 100;

const BLANKS = /[ \t\r\n]*/y;
const BARE_NAME = /[A-Za-z_$][\w$]*/y;
const BARE_VALUE = /true|false|null|[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'/sy;
const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/**
 * @param what Its name, for messages. @returns values as text, null as ''; of several of a name the last one.
 * @throws {CgiError} `invalid`
 */
export function readRelaxed(what: string, text: string): ReadonlyMap<string, string> {
  if (text.length > TEXT_MAX) throw new CgiError('invalid', `${what} is over ${TEXT_MAX} characters`, what);
  let at = 0;
  const wrong = (why: string) => new CgiError('invalid', `${what}: ${why} at character ${at + 1}`, what);
  /** What stands here; null: something else does. */
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at = pattern.lastIndex;
    return found;
  };
  const sign = (wanted: string): boolean => {
    take(BLANKS);
    if (text[at] !== wanted) return false;
    at += 1;
    take(BLANKS);
    return true;
  };
  const quoted = (): string | null => {
    const found = take(QUOTED);
    return found && unescaped(found[1] ?? found[2] ?? '', wrong);
  };

  const read = new Map<string, string>();
  if (!sign('{')) throw wrong('there is no {');
  for (let isFirst = true; !sign('}'); isFirst = false) {
    if (!isFirst && !sign(',')) throw wrong('there is no , and no }');
    if (!isFirst && sign('}')) break; // one comma more, as in scripts
    const name = quoted() ?? take(BARE_NAME)?.[0];
    if (name === undefined) throw wrong('there is no name');
    if (!sign(':')) throw wrong('there is no :');
    const value = quoted() ?? take(BARE_VALUE)?.[0];
    if (value === undefined) throw wrong('there is no value, a text in quotes or a number,');
    read.set(name, value === 'null' && text[at - 1] === 'l' ? '' : value);
    if (read.size > NAMES_MAX) throw wrong(`there are more than ${NAMES_MAX} names`);
  }
  if (at < text.length) throw wrong('something follows the }');
  return read;
}

function unescaped(text: string, wrong: (why: string) => CgiError): string {
  return text.replaceAll(/\\(u[0-9a-fA-F]{4}|.)/gs, (_, sign: string) => {
    if (sign.length === 5) return String.fromCharCode(Number.parseInt(sign.slice(1), 16));
    if (sign === 'u') throw wrong('a \\u is without its four digits');
    return ESCAPES[sign] ?? sign;
  });
}
