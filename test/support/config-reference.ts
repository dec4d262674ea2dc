/**
 * README's reference of the configuration, made from the schema, so that neither can say what the other doesn't.
 * `npx tsx test/support/config-reference.ts --write` puts it into README.md; a test holds that it is there.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { CONFIG_KEYS, type ConfigKey } from '../../daemon/config/schema.ts';

export const WRITE_COMMAND = 'npx tsx test/support/config-reference.ts --write';

const README = new URL('../../README.md', import.meta.url);
const BEGIN = '<!-- configuration -->';
const END = '<!-- /configuration -->';

/** A Markdown table: each key with its default as TOML, its meaning and the variable that overrides it. */
export function configReference(): string {
  return `| key | default | meaning | variable |\n|---|---|---|---|\n${CONFIG_KEYS.map(row).join('')}`;
}

function row({ key, fallback, doc, variable, reserved }: ConfigKey): string {
  const note = reserved === '' ? '' : ` (*reserved*: this version ${reserved})`;
  const meaning = doc.replace(/[\\<*]/g, '\\$&') + note;
  const cells = [`\`${key}\``, `\`${toml(fallback)}\``, meaning, `\`${variable}\``];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
}

/** What defaults consist of: text, numbers, lists of text, an empty table. */
function toml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toml).join(', ')}]`;
  if (typeof value === 'object') return '{}';
  // A literal text where there are backslashes, as a person would write a pattern.
  return typeof value === 'string' && value.includes('\\') ? `'${value}'` : JSON.stringify(value);
}

/** The text between the markers. Throws where README.md has none. */
export function referenceInReadme(): string {
  return split()[1];
}

function split(): [before: string, between: string, after: string] {
  const text = readFileSync(README, 'utf8');
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END, begin);
  if (begin < 0 || end < 0) throw new Error(`README.md lacks ${BEGIN} … ${END}`);
  const from = begin + BEGIN.length + 1;
  return [text.slice(0, from), text.slice(from, end), text.slice(end)];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href && process.argv[2] === '--write') {
  const [before, , after] = split();
  writeFileSync(README, before + configReference() + after);
}
