/** A command that sets a key in cdrd.toml, where it stands now or in its section: then the page shows it as fixed there. */
import { readFileSync } from 'node:fs';
import { parse } from 'smol-toml';
import type { Config } from '../config.ts';
import { inTurn, restartCdrd, word } from './mend.ts';

/** Of the package; the command `cdrd` names no other. */
export const CONFIG_FILE = '/etc/cdrd/cdrd.toml';

/**
 * @param value As TOML, in one line. It may hold what a page has set: nothing in it means anything to the shell or to sed,
 * whose `s` would take a `|` for its end and an `e` after it for a command to carry out.
 * @returns null where nothing is set by exchanging lines: the environment fixes it, or the key stands within an inline table.
 */
export function setKey(config: Pick<Config, 'fixed' | 'file'>, key: string, value: string): string | null {
  const [section = '', name = ''] = key.split('.');
  const file = config.file ?? CONFIG_FILE;
  const fixed = config.fixed(key);
  if (fixed?.startsWith('environment ')) return null;
  const line = fixed === null ? null : Number(/:(\d+)$/.exec(fixed)?.[1] ?? 0);
  const text = `${name} = ${value}`;
  const toml = textOf(file);
  let edit: string;
  if (line) {
    const stands = entryAt(toml, line);
    if (stands === null || (stands.name !== name && stands.name !== key)) return null;
    edit = `sed -i ${word(`${line},${stands.end}c ${ofSed(`${stands.name} = ${value}`)}`)} ${word(file)}`;
  } else {
    edit = new RegExp(`^\\[${section}\\]`, 'm').test(toml)
      ? `sed -i ${word(`/^\\[${section}\\]/a ${ofSed(text)}`)} ${word(file)}`
      : `printf '\\n%s\\n' ${word(`[${section}]`)} ${word(text)} >>${word(file)}`;
  }
  return inTurn(edit, restartCdrd());
}

/** Text of sed's commands `a` and `c`, of which only the backslash means something. */
function ofSed(text: string): string {
  return text.replaceAll('\\', '\\\\');
}

/** The key as it is written in a line (from 1), and the line in which its value ends: a list may go over some. */
function entryAt(toml: string, line: number): { readonly name: string; readonly end: number } | null {
  const lines = toml.split('\n');
  const name = /^\s*([\w.-]+)\s*=/.exec(lines[line - 1] ?? '')?.[1];
  if (name === undefined) return null;
  for (let end = line; end <= lines.length; end++) {
    try {
      parse(lines.slice(line - 1, end).join('\n'));
      return { name, end };
    } catch {
      // It goes on in the next line.
    }
  }
  return null;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

export function tomlList(items: readonly string[]): string {
  return `[${items.map((item) => JSON.stringify(item)).join(', ')}]`;
}
