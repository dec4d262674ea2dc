/** The environment: variables `CDRD_SECTION_KEY`, which win over the file. */
import { rawOf } from '../../cgi/settings/key.ts';
import type { ConfigFault, Reading, Setting } from './reading.ts';
import { CONFIG_KEYS, ON_THE_PAGES, PAGE_SECTIONS, SECTION_NAMES } from './schema.ts';

const prefix = (section: string) => `CDRD_${section.toUpperCase()}_`;
const OUR_PREFIXES = SECTION_NAMES.map(prefix);
const PAGE_PREFIXES = PAGE_SECTIONS.map(prefix);

/** A misspelt variable of a known section is a fault; others (`CDRD_CACHE`) are not ours to judge. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): Reading {
  const settings = new Map<string, Setting>();
  const faults: ConfigFault[] = [];
  for (const [variable, text] of Object.entries(env)) {
    if (text === undefined) continue;
    const begins = (prefixes: readonly string[]) => prefixes.some((each) => variable.startsWith(each));
    if (begins(PAGE_PREFIXES)) faults.push({ place: { variable }, key: '', message: ON_THE_PAGES });
    if (!begins(OUR_PREFIXES)) continue;
    const known = CONFIG_KEYS.find((each) => each.variable === variable);
    if (known) settings.set(known.key, { value: rawOf(known.kind, text), place: { variable } });
    else faults.push({ place: { variable }, key: '', message: 'unknown variable' });
  }
  return { settings, faults };
}
