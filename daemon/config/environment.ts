/** The environment: variables `CDRD_SECTION_KEY`, which win over the file. */
import type { ConfigFault, Reading, Setting } from './reading.ts';
import { CONFIG_KEYS, type ConfigKey, SECTION_NAMES } from './schema.ts';

const OUR_PREFIXES = SECTION_NAMES.map((section) => `CDRD_${section.toUpperCase()}_`);

/** A misspelt variable of a known section is a fault; others (`CDRD_CACHE`) are not ours to judge. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): Reading {
  const settings = new Map<string, Setting>();
  const faults: ConfigFault[] = [];
  for (const [variable, text] of Object.entries(env)) {
    if (text === undefined || !OUR_PREFIXES.some((prefix) => variable.startsWith(prefix))) continue;
    const known = CONFIG_KEYS.find((each) => each.variable === variable);
    if (known) settings.set(known.key, { value: fromText(known.kind, text), place: { variable } });
    else faults.push({ place: { variable }, key: '', message: 'unknown variable' });
  }
  return { settings, faults };
}

/**
 * Lists are separated by commas, so a pattern that needs a comma stands in the file; tables are `NAME=FOLDER,…`. What
 * can't be read as the kind stays text, and the schema says so.
 */
function fromText(kind: ConfigKey['kind'], text: string): unknown {
  if (kind === 'string') return text;
  if (kind === 'number') return /^-?\d{1,15}$/.test(text.trim()) ? Number(text) : text;
  const items = text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  if (kind === 'list') return items;
  const pairs = items.map((item) => /^([^=]*)=(.*)$/s.exec(item));
  return pairs.includes(null) ? text : Object.fromEntries(pairs.map((pair) => [pair?.[1]?.trim(), pair?.[2]?.trim()]));
}
