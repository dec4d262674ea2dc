/** README's reference of the configuration, made from the schema, so that neither can say what the other doesn't. */
import { CONFIG_KEYS, type ConfigKey } from '../../daemon/config/schema.ts';
import { markdownTable } from './readme.ts';

/** A Markdown table: each key with its default as TOML, its meaning and the variable that overrides it. */
export function configReference(): string {
  return markdownTable(['key', 'default', 'meaning', 'variable'], CONFIG_KEYS.map(row));
}

function row({ key, fallback, doc, variable }: ConfigKey): string[] {
  return [`\`${key}\``, `\`${toml(fallback)}\``, doc.replace(/[\\<*]/g, '\\$&'), `\`${variable}\``];
}

/** What defaults consist of: text, numbers, lists of text, an empty table. */
export function toml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toml).join(', ')}]`;
  if (typeof value === 'object') return '{}';
  // A literal text where there are backslashes, as a person would write a pattern.
  return typeof value === 'string' && value.includes('\\') ? `'${value}'` : JSON.stringify(value);
}
