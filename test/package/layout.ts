/**
 * Where each file of ours lies on a box: the one list for the packages, the archive and `make install`. What stands in etc/
 * names the places of a package (/usr/lib/cdrd, /usr/bin/node …); for another prefix, or with Node inside, they are put
 * in. Modes are said here, whatever the umask and the checkout have.
 */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { builtFiles } from '../supply/write.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Layout {
  /** Folder that stands for `/`. */
  readonly destination: string;
  /** `/usr`, `/usr/local`. */
  readonly prefix: string;
  /** Folder of the build. */
  readonly dist: string;
  /** Path of Node on the box. */
  readonly node: string;
}

const PROGRAM = 0o755;
const TEXT = 0o644;

/** Writes a file of a box. `path` is that on the box; folders above it that aren't there are made 0755. */
export function place(destination: string, path: string, bytes: string | Uint8Array, mode = TEXT): void {
  const file = join(destination, path);
  makeFolders(dirname(file));
  writeFileSync(file, bytes);
  chmodSync(file, mode);
}

function makeFolders(folder: string): void {
  if (existsSync(folder)) return;
  makeFolders(dirname(folder));
  mkdirSync(folder);
  chmodSync(folder, 0o755);
}

/** Always the same bytes for the same text. */
export const packed = (bytes: string | Uint8Array) => gzipSync(bytes, { level: 9 });

/** Lays everything out but what the administrator may have changed: {@link layOutEtc}. */
export function layOut(layout: Layout): void {
  const { destination, prefix, dist } = layout;
  const put = (path: string, bytes: string | Uint8Array, mode?: number) => place(destination, path, bytes, mode);
  for (const name of builtFiles(dist)) put(`${prefix}/lib/cdrd/${name}`, readFileSync(join(dist, name)));
  put(`${prefix}/lib/cdrd/prepare`, adapted('etc/lib/prepare', layout), PROGRAM);
  put(`${prefix}/lib/cdrd/send-mail`, adapted('etc/send-mail', layout), PROGRAM);
  put(`${prefix}/bin/cdrd`, adapted('etc/bin/cdrd', layout), PROGRAM);
  put(`${prefix}/share/cdrd/cdrd.toml`, source('etc/cdrd.toml'));
  for (const name of filesIn('etc/asterisk'))
    put(`${prefix}/share/cdrd/asterisk/${name}`, source(`etc/asterisk/${name}`));
  for (const name of filesIn('etc/systemd'))
    put(`${prefix}/lib/systemd/system/${name}`, adapted(`etc/systemd/${name}`, layout));
  for (const name of filesIn('etc/man'))
    put(`${prefix}/share/man/man${name.at(-1)}/${name}.gz`, packed(source(`etc/man/${name}`)));
  const doc = `${prefix}/share/doc/cdrd`;
  put(`${doc}/changelog.gz`, packed(source('CHANGELOG.md')));
  put(`${doc}/README.md.gz`, packed(forBox(source('README.md'))));
  put(`${doc}/SECURITY.md.gz`, packed(forBox(source('SECURITY.md'))));
}

/** Chapters and sections that are for who has the sources before him: on a box they would be a hundredth of the package. */
const FOR_SOURCES = new Set([
  ...['## How it is built', '## Measured', '### Adding a fourth dialect', '## Dependencies'],
  '## Checklists', // of SECURITY.md: which test shows what
]);

/** A document without them. */
export function forBox(text: string): string {
  const parts = text.split(/^(?=##+ )/m);
  let left: number | null = null;
  return parts
    .filter((part) => {
      const [head = ''] = part.split('\n', 1);
      const depth = /^#*/.exec(head)?.[0].length ?? 0;
      if (left !== null && depth > left) return false;
      left = FOR_SOURCES.has(head) ? depth : null;
      return left === null;
    })
    .join('');
}

/** Scripts and defaults of the box. @returns paths, as on the box. */
export function layOutEtc(layout: Layout, keep: (path: string) => boolean = () => false): string[] {
  const script = '/etc/init.d/cdrd';
  const defaults = '/etc/default/cdrd';
  place(layout.destination, script, adapted('etc/init.d/cdrd', layout), PROGRAM);
  if (!keep(defaults)) place(layout.destination, defaults, adapted('etc/default/cdrd', layout));
  return [script, defaults];
}

/** Names of the units, and of those that are enabled: they say by what they are wanted. */
export function units(): { readonly all: string[]; readonly enabled: string[] } {
  const all = filesIn('etc/systemd').filter((name) => !name.includes('/'));
  return { all, enabled: all.filter((name) => /^\[Install\]$/m.test(source(`etc/systemd/${name}`))) };
}

/** A text of etc/, with the places of this layout in it. */
function adapted(path: string, { prefix, node }: Layout): string {
  return source(path)
    .replaceAll(/\/usr(?=\/(?:lib\/cdrd|share\/cdrd|bin\/cdrd)\b)/g, prefix)
    .replaceAll('/usr/bin/node', node);
}

export const source = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** Paths inside the folder, in order; none where there is no folder. */
function filesIn(folder: string): string[] {
  const top = join(ROOT, folder);
  if (!existsSync(top)) return [];
  return readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(top.length + 1))
    .sort();
}
