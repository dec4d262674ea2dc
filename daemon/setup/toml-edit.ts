/**
 * Sets keys in the text of a cdrd.toml and leaves everything else as it is: comments, order, what somebody wrote. A key that
 * is there is written over; one that stands commented out gets its line there, as a person would do it.
 */
import { keyLines } from '../config/toml-lines.ts';

/** A key `section.name` and its value. */
export type TomlValue = string | number | boolean;

/**
 * @param text A TOML text that the parser has accepted.
 * @throws where a key's value goes over several lines: that is for a person to change.
 */
export function withTomlValues(text: string, values: Readonly<Record<string, TomlValue>>): string {
  return Object.entries(values).reduce((before, [key, value]) => withValue(before, key, value), text);
}

function withValue(text: string, key: string, value: TomlValue): string {
  const [section = '', name = ''] = key.split('.');
  const fresh = `${name} = ${JSON.stringify(value)}`;
  const lines = text.split('\n');
  const places = keyLines(text);
  const line = places.get(key);
  if (line !== undefined) {
    const old = lines[line - 1] ?? '';
    if (!isWholePair(old, name)) throw new Error(`line ${line}: ${key} can't be changed here, write ${fresh} by hand`);
    return lines.with(line - 1, fresh + (/\s*#[^"']*$/.exec(old)?.[0] ?? '')).join('\n');
  }
  const header = lines.findIndex((each) => new RegExp(`^\\s*\\[\\s*${section}\\s*\\]`).test(each));
  if (header < 0) {
    const end = text === '' || text.endsWith('\n') ? text : `${text}\n`;
    return `${end}${end === '' ? '' : '\n'}[${section}]\n${fresh}\n`;
  }
  const next = lines.findIndex((each, at) => at > header && /^\s*\[/.test(each));
  const end = next < 0 ? lines.length : next;
  const commented = lines.findIndex((each, at) => at > header && at < end && isCommentedOut(each, name));
  if (commented >= 0) return lines.with(commented, fresh).join('\n');
  return lines.toSpliced(header + 1, 0, fresh).join('\n');
}

/** `name = VALUE`, all on this line, and nothing behind it but a comment. */
function isWholePair(line: string, name: string): boolean {
  return new RegExp(`^\\s*${name}\\s*=\\s*("(?:[^"\\\\]|\\\\.)*"|'[^']*'|[\\w.+-]+)\\s*(#.*)?$`).test(line);
}

function isCommentedOut(line: string, name: string): boolean {
  return new RegExp(`^#\\s*${name}\\s*=`).test(line);
}
