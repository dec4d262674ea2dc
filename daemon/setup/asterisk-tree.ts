/**
 * A configuration file of Asterisk with all that it includes, in the order in which Asterisk reads it, so that what holds in
 * the end can be told: of two pairs of one key in a section the last one.
 */
import { readdirSync, readFileSync } from 'node:fs';
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
  let section = '';
  const enter = (file: string, depth: number): boolean => {
    const text = depth > MAX_DEPTH ? null : readText(file);
    if (text === null) return false;
    files.push(file);
    for (const each of readAsteriskText(text).statements) take(each, file, depth);
    return true;
  };
  const take = (each: Statement, file: string, depth: number): void => {
    if (each.kind === 'section') {
      section = each.name;
      if (each.adds && !sections.includes(section)) orphans.push(`${file}:${each.line}`);
      if (!sections.includes(section)) sections.push(section);
    } else if (each.kind === 'pair') {
      pairs.push({ file, line: each.line, section, key: each.key, value: each.value });
    } else {
      const found = includedFiles(each.path, folder, planned).map((name) => enter(name, depth + 1));
      if (each.must && !found.some(Boolean) && !each.path.includes('*')) missing.push(`${file}:${each.line}`);
    }
  };
  enter(path, 0);
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

/** What holds of a key, case aside as Asterisk compares; undefined: nobody says. */
export function lastOf(tree: AsteriskTree, section: string, key: string): Found | undefined {
  const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
  return tree.pairs.findLast((pair) => same(pair.section, section) && same(pair.key, key));
}

/**
 * A file's bytes as a text of one character each, whatever encoding somebody's comments are in: what is written back is what
 * was there. @throws what the system says, but for a file that isn't there.
 */
export function readTextHere(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
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
