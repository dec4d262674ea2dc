/**
 * A configuration file as AMI's GetConfig tells it (main/manager.c): one packet with numbered headers, includes followed,
 * what a section takes over from templates in it already, and the templates themselves left out. Pure.
 */
import type { AsteriskHeaders } from '../port.ts';

export interface Section {
  readonly name: string;
  /** In the order of the file, repeated ones too. */
  readonly lines: readonly (readonly [name: string, value: string])[];
}

export function sectionsOf(answer: AsteriskHeaders): Section[] {
  const sections = new Map<string, { name: string; lines: [string, string][] }>();
  for (const [name, value] of answer) {
    const [, kind, number = ''] = /^(Category|Line)-(\d+)/.exec(name) ?? [];
    if (kind === 'Category') sections.set(number, { name: value, lines: [] });
    const at = value.indexOf('=');
    if (kind === 'Line' && at > 0) sections.get(number)?.lines.push([value.slice(0, at), value.slice(at + 1)]);
  }
  return [...sections.values()];
}

/** Lists, which several lines make longer; of any other name the last line holds. */
const LISTS: ReadonlySet<string> = new Set([
  ...['allow', 'disallow', 'permit', 'deny', 'acl', 'contactpermit', 'contactdeny', 'contact_permit', 'contact_deny'],
  ...['contact', 'match', 'setvar', 'set_var'],
]);

/** A section's values by name, as the channel driver takes them. */
export function valuesOf({ lines }: Section): Map<string, string> {
  const values = new Map<string, string>();
  for (const [name, value] of lines) {
    const before = LISTS.has(name) ? values.get(name) : undefined;
    values.set(name, before === undefined ? value : `${before},${value}`);
  }
  return values;
}

/**
 * Whether a line may hold what opens something: a password or its hash, the credentials of a registration, or a variable of
 * which nobody knows what it is for.
 */
export function isSecret(name: string): boolean {
  return /secret|passw|md5|cred|token|register|pin$|^auth$|^set_?var$/i.test(name);
}
