/** A command that sets a key in cdrd.toml, where it stands now or in its section: then the page shows it as fixed there. */
import { readFileSync } from 'node:fs';
import type { Config } from '../config.ts';
import { inTurn, restartCdrd, word } from './mend.ts';

/** Of the package; the command `cdrd` names no other. */
export const CONFIG_FILE = '/etc/cdrd/cdrd.toml';

/** @param value As TOML. @returns null where the environment fixes it: nothing in the file helps. */
export function setKey(config: Pick<Config, 'fixed' | 'file'>, key: string, value: string): string | null {
  const [section = '', name = ''] = key.split('.');
  const file = config.file ?? CONFIG_FILE;
  const fixed = config.fixed(key);
  if (fixed?.startsWith('environment ')) return null;
  const line = fixed === null ? null : /:(\d+)$/.exec(fixed)?.[1];
  const text = `${name} = ${value}`;
  const edit = line
    ? `sed -i ${word(`${line}s|.*|${text}|`)} ${word(file)}`
    : hasSection(file, section)
      ? `sed -i ${word(`/^\\[${section}\\]/a ${text}`)} ${word(file)}`
      : `printf '\\n%s\\n' ${word(`[${section}]`)} ${word(text)} >>${word(file)}`;
  return inTurn(edit, restartCdrd());
}

function hasSection(file: string, section: string): boolean {
  try {
    return new RegExp(`^\\[${section}\\]`, 'm').test(readFileSync(file, 'utf8'));
  } catch {
    return false;
  }
}

export function tomlList(items: readonly string[]): string {
  return `[${items.map((item) => JSON.stringify(item)).join(', ')}]`;
}
