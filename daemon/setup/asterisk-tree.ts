/**
 * A configuration file of Asterisk with all that it includes, in the order in which Asterisk reads it, so that what holds in
 * the end can be told: of two pairs of one key in a section the last one.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { readAsteriskText, type Statement } from './asterisk-text.ts';

/** Text of a file; null: there is none. Planned texts come from memory, all others from the disk. */
export type ReadText = (path: string) => string | null;

export interface Found {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly section: string;
  readonly key: string;
  readonly value: string;
  /** In a further section of that name, without `(+)`. */
  readonly isRepeated: boolean;
}

export interface AsteriskTree {
  /** Pairs in Asterisk's order, each with the section that it belongs to. */
  readonly pairs: readonly Found[];
  readonly sections: readonly string[];
  /** Files that were read, the first one first. */
  readonly files: readonly string[];
  /** An #include that names no file: Asterisk then refuses the whole. */
  readonly missing: readonly string[];
  /** A `[section](+)` before there is such a section, as FILE:LINE: Asterisk then refuses the whole. */
  readonly orphans: readonly string[];
}

/** Where a pair belongs to. */
type Section = Pick<Found, 'isRepeated'> & { readonly name: string };

/** Asterisk's own bound of nested includes. */
const MAX_DEPTH = 10;

/**
 * @param folder Asterisk's configuration, from which relative includes go.
 * @param planned A file that is yet to be made, for the patterns that will find it.
 */
export function readTree(path: string, folder: string, readText: ReadText, planned = ''): AsteriskTree {
  const pairs: Found[] = [];
  const sections: string[] = [];
  const files: string[] = [];
  const missing: string[] = [];
  const orphans: string[] = [];
  const has = (name: string) => sections.some((each) => each.toLowerCase() === name.toLowerCase());
  // A file begins in the section that includes it, and whatever sections it opens, that one goes on behind it.
  const enter = (file: string, depth: number, outer: Section): boolean => {
    const text = depth > MAX_DEPTH ? null : readText(file);
    if (text === null) return false;
    files.push(file);
    let inner = outer;
    for (const each of readAsteriskText(text).statements) inner = take(each, file, depth, inner);
    return true;
  };
  const take = (each: Statement, file: string, depth: number, section: Section): Section => {
    if (each.kind === 'section') {
      if (each.adds && !has(each.name)) orphans.push(`${file}:${each.line}`);
      const isRepeated = !each.adds && has(each.name);
      if (!sections.includes(each.name)) sections.push(each.name);
      return { name: each.name, isRepeated };
    }
    if (each.kind === 'pair') {
      const { name, isRepeated } = section;
      pairs.push({ file, line: each.line, section: name, key: each.key, value: each.value, isRepeated });
    } else {
      const found = includedFiles(each.path, folder, planned).map((name) => enter(name, depth + 1, section));
      if (each.must && !found.some(Boolean) && !each.path.includes('*')) missing.push(`${file}:${each.line}`);
    }
    return section;
  };
  enter(path, 0, { name: '', isRepeated: false });
  return { pairs, sections, files, missing, orphans };
}

/** The files that an include names: one, or those that its pattern finds, by name. */
function includedFiles(path: string, folder: string, planned: string): string[] {
  const whole = resolve(folder, path);
  const pattern = basename(whole);
  if (!/[*?[]/.test(pattern)) return [whole];
  const expression = new RegExp(
    `^${pattern
      .replace(/[.+^${}()|\\]/g, '\\$&')
      .replaceAll('*', '[^/]*')
      .replaceAll('?', '.')}$`,
  );
  const names = [...filesIn(dirname(whole)), ...(dirname(planned) === dirname(whole) ? [basename(planned)] : [])];
  return [...new Set(names)]
    .toSorted()
    .filter((name) => expression.test(name) && !name.startsWith('.'))
    .map((name) => join(dirname(whole), name));
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/**
 * What a module finds that asks for a section by its name, as manager.c and cdr_custom.c do: the first of that name and what
 * was added to it by `(+)`. cdr.c and the dialplan take all of them.
 */
export function firstSections(tree: AsteriskTree): AsteriskTree {
  return { ...tree, pairs: tree.pairs.filter(({ isRepeated }) => !isRepeated) };
}

/** What holds of a key, case aside as Asterisk compares; undefined: nobody says. */
export function lastOf(tree: AsteriskTree, section: string, key: string): Found | undefined {
  const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
  return tree.pairs.findLast((pair) => same(pair.section, section) && same(pair.key, key));
}

/**
 * A file's bytes as a text of one character each, whatever encoding somebody's comments are in: what is written back is what
 * was there. A folder, a pipe or a device is no file, as Asterisk has it, too. @throws what the system says, but for a file
 * that isn't there.
 */
export function readTextHere(path: string): string | null {
  try {
    return statSync(path).isFile() ? readFileSync(path, 'latin1') : null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}

/** Such a text as a person reads it. */
export function asText(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** A text of ours, to be put into such a one. */
export function asBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
