/**
 * A test must be able to fail: to `toMatchObject` a regular expression is an object without properties, which any text has
 * (vitest 4). What a text is to look like says `expect.stringMatching`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname);

const COMPARES = /\btoMatchObject\(/g;

/** Lines of a source at which a regular expression is compared as a value. */
function blindLines(source: string): number[] {
  return [...source.matchAll(COMPARES)].flatMap(({ index, 0: head }) => {
    const at = literalIn(source, index + head.length);
    return at === null ? [] : source.slice(0, at).split('\n').length;
  });
}

/** Where in a call's arguments the first regular expression stands that no function takes; null: nowhere. */
function literalIn(source: string, from: number): number | null {
  const callees = [''];
  for (let at = from; at < source.length && callees.length > 0; at++) {
    const char = source[at] as string;
    const before = source.slice(from - 1, at).trimEnd();
    if (source.startsWith('//', at)) at += source.slice(at).search(/\n|$/);
    else if (source.startsWith('/*', at)) at = source.indexOf('*/', at + 2) + 1 || source.length;
    else if (char === "'" || char === '"' || char === '`') at = endOf(source, at, char);
    else if (char === '/' && /[:[,(]$/.test(before)) {
      if (callees.at(-1) === '') return at;
      at = endOf(source, at, '/');
    } else if ('([{'.includes(char))
      callees.push(char === '(' ? (/[\w.]+$/.exec(before)?.[0] ?? '') : (callees.at(-1) ?? ''));
    else if (')]}'.includes(char)) callees.pop();
  }
  return null;
}

/** Of a text or a regular expression that begins at `start`. A slash in brackets is none. */
function endOf(source: string, start: number, mark: string): number {
  let inBrackets = false;
  for (let at = start + 1; at < source.length; at++) {
    const char = source[at];
    if (char === '\\') at++;
    else if (mark === '/' && char === '[') inBrackets = true;
    else if (mark === '/' && char === ']') inBrackets = false;
    else if (char === mark && !inBrackets) return at;
  }
  return source.length;
}

test('no test compares a text with a regular expression as if it were a value', () => {
  const files = readdirSync(ROOT, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.parentPath.includes('.build'))
    .map((entry) => join(entry.parentPath, entry.name));
  expect(files.length).toBeGreaterThan(200);
  const blind = files
    .filter((file) => file !== import.meta.filename)
    .flatMap((file) => blindLines(readFileSync(file, 'utf8')).map((line) => `${relative(ROOT, file)}:${line}`));
  expect(blind).toEqual([]);
});

test('control: such a comparison is seen, and one that compares is not', () => {
  for (const blind of [
    'expect(a).toMatchObject({ says: /x/ })',
    "expect(a).toMatchObject({\n  check: 'a/b',\n  says: /x[/]y/i,\n})",
    'expect(a).toMatchObject([{ b: [/x/] }])',
    'expect(f(1)).toMatchObject({ a: g(2), b: expect.stringMatching(/[)]/), c: /x/ })',
  ])
    expect([blind, blindLines(blind).length > 0]).toEqual([blind, true]);
  for (const sound of [
    'expect(a).toMatchObject({ says: expect.stringMatching(/x/) })',
    "expect(a).toMatchObject({ b: 'a: /b/' }); expect(b).toMatch(/x/)",
    'expect(a).toMatchObject(b.replace(/x/, c)); const d = { e: /x/ }',
    'expect(a).toMatchObject({ b: c / d })',
  ])
    expect([sound, blindLines(sound)]).toEqual([sound, []]);
});
