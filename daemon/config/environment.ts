/** The environment: variables `CDRD_SECTION_KEY`, which win over the file. */
import { rawOf } from '../../cgi/settings/key.ts';
import type { ConfigFault, Reading, Setting } from './reading.ts';
import { CONFIG_KEYS, SECTION_NAMES } from './schema.ts';

const OUR_PREFIXES = SECTION_NAMES.map((section) => `CDRD_${section.toUpperCase()}_`);

/** A misspelt variable of a known section is a fault; others (`CDRD_CACHE`) are not ours to judge. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): Reading {
  const settings = new Map<string, Setting>();
  const faults: ConfigFault[] = [];
  for (const [variable, text] of Object.entries(env)) {
    if (text === undefined || !OUR_PREFIXES.some((prefix) => variable.startsWith(prefix))) continue;
    const known = CONFIG_KEYS.find((each) => each.variable === variable);
    if (known) settings.set(known.key, { value: rawOf(known.kind, text), place: { variable } });
    else faults.push({ place: { variable }, key: '', message: 'unknown variable' });
  }
  return { settings, faults };
}
