/** The house stands as it is drawn: imports go down only (daemon → cgi → storage), no circles, model imports nothing. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { NAME, VERSION } from '../daemon/version.ts';
import packageJson from '../package.json' with { type: 'json' };

const ROOT = resolve(import.meta.dirname, '..');
const FLOORS = ['storage', 'cgi', 'daemon'] as const; // from the ground up

function sourceFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((file) => !file.startsWith('cgi/gui/'));
}

/** The pages: they run in browsers, and stand on no floor. */
function pageFiles(): string[] {
  return readdirSync(join(ROOT, 'cgi/gui'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && entry.name !== 'build.ts')
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

/** What a file imports, types too: project files as paths from the root, packages by name. */
function importsOf(file: string): { files: string[]; packages: string[] } {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const found = [
    ...text.matchAll(
      /(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s+'([^']+)'|import\(\s*'([^']+)'\s*\)|(?:^|\n)import\s+'([^']+)'/g,
    ),
  ];
  const names = found.map((match) => match[1] ?? match[2] ?? match[3] ?? '');
  return {
    files: names
      .filter((name) => name.startsWith('.'))
      .map((name) => relative(ROOT, resolve(ROOT, dirname(file), name))),
    packages: names.filter((name) => !name.startsWith('.')),
  };
}

const files = FLOORS.flatMap(sourceFiles);
const graph = new Map(files.map((file) => [file, importsOf(file)]));
const floorOf = (file: string) => FLOORS.findIndex((floor) => file.startsWith(`${floor}/`));

describe('the house', () => {
  test('has files on every floor, and the scan sees their imports', () => {
    for (const floor of FLOORS) expect(files.some((file) => file.startsWith(`${floor}/`))).toBe(true);
    expect(graph.get('storage/client.ts')?.files).toContain('storage/lanes.ts');
    expect(graph.get('daemon/start.ts')?.files).toContain('cgi/verb.ts');
  });

  test('every import of a project file names one that exists', () => {
    const missing = [...graph].flatMap(([file, { files: names }]) =>
      names.filter((name) => !graph.has(name)).map((name) => `${file} → ${name}`),
    );
    expect(missing).toEqual([]);
  });

  test('imports go down only', () => {
    const upward = [...graph].flatMap(([file, { files: names }]) =>
      names.filter((name) => floorOf(name) > floorOf(file)).map((name) => `${file} → ${name}`),
    );
    expect(upward).toEqual([]);
  });

  test('there are no circles', () => {
    const done = new Set<string>();
    const circles: string[] = [];
    const walk = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) return void circles.push([...path.slice(path.indexOf(file)), file].join(' → '));
      if (done.has(file)) return;
      for (const next of graph.get(file)?.files ?? []) walk(next, [...path, file]);
      done.add(file);
    };
    for (const file of files) walk(file, []);
    expect(circles).toEqual([]);
  });

  test('storage/model is pure: it imports nothing outside itself', () => {
    const outside = [...graph]
      .filter(([file]) => file.startsWith('storage/model/'))
      .flatMap(([file, { files: names, packages }]) =>
        [...packages, ...names.filter((name) => !name.startsWith('storage/model/'))].map((name) => `${file} → ${name}`),
      );
    expect(outside).toEqual([]);
  });

  test('the pages import each other, the contract and their packages; nobody imports them, and the contract imports nothing', () => {
    const pages = pageFiles();
    expect(pages).toContain('cgi/gui/main.tsx');
    const strange = pages.flatMap((file) => {
      const { files: names, packages } = importsOf(file);
      return [
        ...names.filter((name) => !name.startsWith('cgi/gui/') && name !== 'cgi/contract.ts'),
        ...packages.filter((name) => !/^(preact|preact\/hooks|uqr|@noble\/hashes\/\w+\.js)$/.test(name)),
      ].map((name) => `${file} → ${name}`);
    });
    expect(strange).toEqual([]);
    const upward = [...graph].flatMap(([file, { files: names }]) =>
      names.filter((name) => name.startsWith('cgi/gui/')).map((name) => `${file} → ${name}`),
    );
    expect(upward).toEqual([]);
    expect(graph.get('cgi/contract.ts')).toEqual({ files: [], packages: [] });
  });

  test('SQL stays behind the worker: nobody above storage/ imports storage/sql, but for types', () => {
    const reaching = [...graph]
      .filter(([file]) => !file.startsWith('storage/'))
      .filter(([file]) => /import (?!type)[^;]*storage\/sql\//.test(readFileSync(join(ROOT, file), 'utf8')))
      .map(([file]) => file);
    expect(reaching).toEqual([]);
  });

  test('a dialect translates only: no SQL, nothing of another dialect, and nobody but the table loads one', () => {
    const own = (file: string) => /^cgi\/dialect\/(\w+)\//.exec(file)?.[1];
    const reaching = [...graph].flatMap(([file, { files: names }]) =>
      names
        .filter((name) => {
          if (file.startsWith('cgi/dialect/') && name.startsWith('storage/sql/'))
            return name !== 'storage/sql/audit.ts';
          // By what it says of users the setting is checked.
          if (name === 'cgi/dialect/mor/users.ts' && file === 'cgi/settings/kinds.ts') return false;
          return own(name) !== undefined && own(name) !== own(file) && file !== 'cgi/dialect/table.ts';
        })
        .map((name) => `${file} → ${name}`),
    );
    expect(reaching).toEqual([]);
    const sql = files
      .filter((file) => file.startsWith('cgi/dialect/'))
      .filter((file) =>
        /\b(SELECT|INSERT INTO|UPDATE \w+ SET|DELETE FROM)\b/.test(readFileSync(join(ROOT, file), 'utf8')),
      );
    expect(sql).toEqual([]);
    // With the first request: nothing of it lies in memory before.
    const table = readFileSync(join(ROOT, 'cgi/dialect/table.ts'), 'utf8');
    expect(table).not.toMatch(/from '\.\/\w+\//);
  });

  test('package.json and the program agree on name and version', () => {
    expect({ NAME, VERSION }).toEqual({ NAME: packageJson.name, VERSION: packageJson.version });
  });
});
