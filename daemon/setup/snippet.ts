/**
 * What a snippet of ours (etc/asterisk) asks of a file that a box has already: the pairs that don't hold there yet, as lines
 * for the end of that file. `[section](+)` goes on with a section that is there, and of two values Asterisk takes the last.
 */
import { type AsteriskTree, lastOf } from './asterisk-tree.ts';

/** Which pairs a snippet asks for, and what holds where nobody says. */
export interface Wanted {
  readonly section: string;
  readonly key: string;
  readonly value: string;
  /** Asterisk's own value of the key, for a file that doesn't have it. */
  readonly fallback?: string;
  /** `=>`, as tables of fields are written. */
  readonly isMapping?: boolean;
  /** Why: a line of comment above it. */
  readonly why?: string;
}

/** Lines that make what is wanted hold, sections together; none: it holds. */
export function linesFor(wanted: readonly Wanted[], tree: AsteriskTree): string[] {
  const lacking = wanted.filter((each) => !holds(each, tree));
  const sections = [...new Set(lacking.map(({ section }) => section))];
  return sections.flatMap((section) => [
    hasSection(tree, section) ? `[${section}](+)` : `[${section}]`,
    ...lacking
      .filter((each) => each.section === section)
      .flatMap(({ key, value, isMapping, why }) => [
        ...(why ? [`; ${why}`] : []),
        `${key} ${isMapping ? '=>' : '='} ${value.replaceAll(';', '\\;')}`,
      ]),
  ]);
}

export function holds({ section, key, value, fallback, isMapping }: Wanted, tree: AsteriskTree): boolean {
  if (isMapping) {
    const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
    return tree.pairs.some((pair) => same(pair.section, section) && same(pair.key, key) && pair.value === value);
  }
  const now = lastOf(tree, section, key)?.value ?? fallback;
  return now !== undefined && meaning(now) === meaning(value);
}

function hasSection({ sections }: AsteriskTree, section: string): boolean {
  return sections.some((name) => name.toLowerCase() === section.toLowerCase());
}

export function isYes(value: string): boolean {
  return meaning(value) === 'yes';
}

/** As main/utils.c ast_true() and ast_false() read a value; other values are themselves. */
function meaning(value: string): string {
  const lower = value.trim().toLowerCase();
  if (['yes', 'true', 'y', 't', '1', 'on'].includes(lower)) return 'yes';
  if (['no', 'false', 'n', 'f', '0', 'off'].includes(lower)) return 'no';
  return value.trim();
}
