/** `notices` writes dist/NOTICES.txt, `sbom` dist/cdrd.cdx.json, both from the metafile of the build that is there. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import sqlite from 'node-sqlite3-wasm';
import { bundledPackages, type Lock, type Metafile } from './bundled.ts';
import { notices, type Platform, sbom } from './sbom.ts';

/** File of the bill in the folder of the build: it does not list itself. */
export const SBOM_FILE = 'cdrd.cdx.json';
export const NOTICES_FILE = 'NOTICES.txt';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

function parsed<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8')) as T;
}

/** What a build has written, the bill itself left out; in order of path. */
export function builtFiles(dist: string): string[] {
  return readdirSync(dist, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dist, join(entry.parentPath, entry.name)))
    .filter((path) => path !== SBOM_FILE)
    .sort();
}

/**
 * @param metaFile esbuild's, of the build in `dist`.
 * @param node Where it is shipped with the build.
 */
export function writeSupply(
  what: string,
  dist: string,
  metaFile: string,
  env = process.env,
  node: Platform | null = null,
): void {
  const lock = parsed<Lock>(join(ROOT, 'package-lock.json'));
  const packages = bundledPackages(parsed<Metafile>(metaFile), lock, ROOT);
  if (what === 'notices') {
    writeFileSync(join(dist, NOTICES_FILE), notices(packages));
    return;
  }
  const about = parsed<{ name: string; version: string; license: string; dependencies: object }>(
    join(ROOT, 'package.json'),
  );
  const names = builtFiles(dist);
  const database = new sqlite.Database();
  const version = database.get('SELECT sqlite_version() AS version') as { version: string };
  database.close();
  const epoch = env['SOURCE_DATE_EPOCH'];
  const bill = sbom({
    name: about.name,
    version: about.version,
    licence: about.license,
    needs: Object.keys(about.dependencies),
    files: new Map(names.map((name) => [name, readFileSync(join(dist, name))])),
    packages,
    sqlite: version.version,
    node,
    epoch: epoch ? Number(epoch) : null,
  });
  writeFileSync(join(dist, SBOM_FILE), bill);
}

if (process.argv[1] === import.meta.filename) {
  const [, , what = '', dist = '', metaFile = ''] = process.argv;
  writeSupply(what, dist, metaFile);
}
